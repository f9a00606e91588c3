//! grid = 4
//! group = 4
//! zero.0 = "i32 4"
//! fault = "at program_source:5, thread (2, 0, 0) in grid: write of 4 bytes"
#include <metal_stdlib>
using namespace metal;
kernel void null(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    device int* p = i == 2 ? nullptr : out + i;
    *p = 1;
}
