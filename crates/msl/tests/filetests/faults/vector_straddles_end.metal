//! grid = 3
//! group = 3
//! [[run]]
//! kernel = "whole"
//! in.0 = "f32 1..11"
//! zero.1 = "f32 12"
//! fault = "thread (2, 0, 0) in grid: read of 16 bytes at byte offset 32 of buffer 0 (`in`), which has 40 bytes"
//! [[run]]
//! kernel = "store"
//! zero.0 = "f32 10"
//! fault = "thread (2, 0, 0) in grid: write of 16 bytes at byte offset 32 of buffer 0 (`out`), which has 40 bytes"
//! [[run]]
//! kernel = "packed"
//! zero.0 = "f32 8"
//! fault = "thread (2, 0, 0) in grid: write of 4 bytes at byte offset 32 of buffer 0 (`out`), which has 32 bytes"
// Vectors of which only a part lies in the buffer.
#include <metal_stdlib>
using namespace metal;
kernel void whole(device const float4* in [[buffer(0)]], device float4* out [[buffer(1)]], uint i [[thread_position_in_grid]]) {
    out[i] = in[i];
}
kernel void store(device float4* out [[buffer(0)]], uint i [[thread_position_in_grid]]) { out[i] = float4(i); }
kernel void packed(device packed_float3* out [[buffer(0)]], uint i [[thread_position_in_grid]]) { out[i] = float3(i); }
