//! grid = 8
//! group = 8
//! zero.0 = "u32 7"
//! fault = "at program_source:5, thread (7, 0, 0) in grid: write of 4 bytes at byte offset 28 of buffer 0 (`out`), which has 28 bytes"
#include <metal_stdlib>
using namespace metal;
kernel void write(device uint* out [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    uint square = i * i;
    out[i] = square;
}
