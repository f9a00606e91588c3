//! grid = 6
//! group = 6
//! in.0 = "f32 1 2 3 4 5 6"
//! [[run]]
//! kernel = "select"
//! in.1 = "f32 10 20 30 40 50 60"
//! out.2 = "f32 10 2 30 4 50 6"
//! [[run]]
//! kernel = "select"
//! in.1 = "f32 10 20 30 40"
//! zero.2 = "f32 6"
//! fault = "at program_source:6, thread (4, 0, 0) in grid: read of 4 bytes at byte offset 16 of buffer 1 (`b`), which has 16 bytes"
//! [[run]]
//! kernel = "stored"
//! in.1 = "f32 10 20 30 40 50 60"
//! out.2 = "f32 10 2 30 4 50 6"
//! [[run]]
//! kernel = "stored"
//! in.1 = "f32 10 20 30 40 50"
//! zero.2 = "f32 5"
//! fault = "at program_source:10, thread (5, 0, 0) in grid: write of 4 bytes at byte offset 20 of buffer 2 (`out`), which has 20 bytes"
//! [[run]]
//! kernel = "stored"
//! in.1 = "f32 10 20 30 40"
//! zero.2 = "f32 6"
//! fault = "at program_source:10, thread (4, 0, 0) in grid: read of 4 bytes"
// A pointer to one of two buffers, chosen at run time, in a variable and in an array.
#include <metal_stdlib>
using namespace metal;
kernel void select(device const float* a [[buffer(0)]], device const float* b [[buffer(1)]], device float* out [[buffer(2)]], uint i [[thread_position_in_grid]]) {
    device const float* p = i % 2 ? a : b;
    out[i] = p[i];
}
kernel void stored(device const float* a [[buffer(0)]], device const float* b [[buffer(1)]], device float* out [[buffer(2)]], uint i [[thread_position_in_grid]]) {
    device const float* both[2] = {b, a};
    out[i] = both[i % 2][i];
}
