//! grid = 4
//! group = 4
//! bytes.0 = "f32 1 2 3"
//! zero.1 = "f32 4"
//! fault = "at program_source:4, thread (3, 0, 0) in grid: read of 4 bytes at byte offset 12 of buffer 0 (`table`), which has 12 bytes"
#include <metal_stdlib>
using namespace metal;
kernel void look_up(constant float* table [[buffer(0)]], device float* out [[buffer(1)]], uint i [[thread_position_in_grid]]) {
    out[i] = table[i];
}
