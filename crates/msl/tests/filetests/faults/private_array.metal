//! grid = 4
//! group = 4
//! [[run]]
//! kernel = "reads"
//! in.0 = "i32 0 1 2 4"
//! zero.1 = "f32 4"
//! fault = "at program_source:6, thread (3, 0, 0) in grid: read of 4 bytes at byte offset 16 of variable `a`, which has 16 bytes"
//! [[run]]
//! kernel = "writes"
//! in.0 = "i32 0 -1 2 3"
//! zero.1 = "f32 4"
//! fault = "at program_source:11, thread (1, 0, 0) in grid: write of 4 bytes at byte offset -4 of variable `a`, which has 16 bytes"
#include <metal_stdlib>
using namespace metal;
kernel void reads(device const int* at [[buffer(0)]], device float* out [[buffer(1)]], uint i [[thread_position_in_grid]]) {
    float a[4];
    for (int k = 0; k < 4; ++k) a[k] = out[k] * k + i;
    out[i] = a[at[i]];
}
kernel void writes(device const int* at [[buffer(0)]], device float* out [[buffer(1)]], uint i [[thread_position_in_grid]]) {
    float a[4];
    for (int k = 0; k < 4; ++k) a[k] = k;
    a[at[i]] = 7;
    for (int k = 0; k < 4; ++k) out[i] += a[k];
}
