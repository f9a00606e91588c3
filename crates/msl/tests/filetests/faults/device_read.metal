//! grid = 8
//! group = 4
//! in.0 = "f32 1 2 3 4 5 6 7"
//! zero.1 = "f32 8"
//! fault = "kernel `copy` at program_source:4, thread (7, 0, 0) in grid: read of 4 bytes at byte offset 28 of buffer 0 (`in`), which has 28 bytes"
#include <metal_stdlib>
using namespace metal;
kernel void copy(device const float* in [[buffer(0)]], device float* out [[buffer(1)]], uint i [[thread_position_in_grid]]) {
    out[i] = in[i];
}
