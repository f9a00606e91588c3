//! grid = [5, 4]
//! group = [2, 2]
//! zero.0 = "u8 20"
//! fault = "thread (3, 2, 0) in grid: write of 1 bytes at byte offset 20 of buffer 0 (`out`), which has 20 bytes"
#include <metal_stdlib>
using namespace metal;
kernel void write(device uchar* out [[buffer(0)]], uint2 p [[thread_position_in_grid]]) {
    uint at = p.y * 5 + p.x;
    if (p.x == 3 && p.y == 2) at += 7;
    out[at] = 1;
}
