//! grid = 50
//! group = 50
//! in.0 = "i32 -1*50"
//! out.0 = "i32 376 -1 376*3 -1 376*3 -1 376*3 -1 376*3 -1 376*3 -1 376*3 -1 376*3 -1 376*2 524 -1 524*3 -1 524*3 -1 524*3 -1 524*3 -1"
// Threads that have returned take no part.
#include <metal_stdlib>
using namespace metal;
kernel void returned(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    if (i % 4 == 1) return;
    out[i] = simd_sum(int(i));
}
