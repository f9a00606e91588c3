//! grid = 40
//! group = 8
//! in.0 = "i32 -1*40"
//! bytes.1 = "u32 3"
//! out.0 = "i32 7 6 5 4 3 2 1 0 -1*8 23 22 21 20 19 18 17 16 -1*16"
// Whole threadgroups leave before a barrier.
#include <metal_stdlib>
using namespace metal;
kernel void leave(device int* out [[buffer(0)]], constant uint& groups [[buffer(1)]], uint i [[thread_position_in_grid]],
                  uint t [[thread_position_in_threadgroup]], uint g [[threadgroup_position_in_grid]]) {
    threadgroup int shared[8];
    if (g >= groups) return;
    shared[t] = i;
    if (g == 1) return;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    out[i] = shared[7 - t];
}
