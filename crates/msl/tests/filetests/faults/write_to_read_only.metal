//! [[run]]
//! kernel = "argument"
//! grid = [4, 1, 1]
//! group = [4, 1, 1]
//! in.0 = "u32 1 2 3 4"
//! zero.1 = "u32 4"
//! fault = "kernel `argument` at program_source:5, thread (0, 0, 0) in grid: write of 4 bytes at byte offset 0 of buffer 0 (`in`), which is read-only"
//! [[run]]
//! kernel = "stored"
//! grid = [4, 1, 1]
//! group = [4, 1, 1]
//! in.0 = "u32 1 2 3 4"
//! zero.1 = "u32 4"
//! fault = "kernel `stored` at program_source:9, thread (0, 0, 0) in grid: write of 4 bytes"
// Constness cast away: the memory stays as it is, wherever the pointer was in between.
#include <metal_stdlib>
using namespace metal;
kernel void argument(device const uint* in [[buffer(0)]], device uint* out [[buffer(1)]], uint i [[thread_position_in_grid]]) {
    ((device uint*)in)[i] = out[i] + i;
}
kernel void stored(device const uint* in [[buffer(0)]], device uint* out [[buffer(1)]], uint i [[thread_position_in_grid]]) {
    device uint* p[2] = {(device uint*)in, out};
    p[out[i]][i] = 7;
}
