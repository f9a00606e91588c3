//! grid = 4
//! group = 4
//! bytes.0 = "i32 0 1 2 3"
//! zero.1 = "f32 4"
//! fault = "at program_source:5, thread (3, 0, 0) in grid: read of 4 bytes at byte offset 12 of variable `table`, which has 12 bytes"
#include <metal_stdlib>
using namespace metal;
constant float table[3] = {1, 2, 3};
kernel void look_up(constant int* at [[buffer(0)]], device float* out [[buffer(1)]], uint i [[thread_position_in_grid]]) {
    out[i] = table[at[i]];
}
