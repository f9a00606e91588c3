//! grid = 4
//! group = 4
//! zero.0 = "f32 4"
//! [[run]]
//! kernel = "signed_index"
//! fault = "thread (0, 0, 0) in grid: read of 4 bytes at byte offset -4 of buffer 0 (`data`), which has 16 bytes"
//! [[run]]
//! kernel = "unsigned_index"
//! fault = "thread (1, 0, 0) in grid: write of 4 bytes at byte offset 17179869180 of buffer 0 (`data`), which has 16 bytes"
//! [[run]]
//! kernel = "far"
//! fault = "thread (2, 0, 0) in grid: write of 4 bytes at byte offset -4398046511104 of buffer 0 (`data`), which has 16 bytes"
// Before the buffer, around 32 bits, and far away.
#include <metal_stdlib>
using namespace metal;
kernel void signed_index(device float* data [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    data[i] = data[int(i) - 1];
}
kernel void unsigned_index(device float* data [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    if (i == 1) data[i - 2] = 1;
}
kernel void far(device float* data [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    if (i == 2) data[-(1L << 40)] = 1;
}
