//! grid = 64
//! group = 16
//! out.0 = "i32 1 56 2 88 3 72 4 48"
// A loop that all threads leave together, because of a value in threadgroup memory.
#include <metal_stdlib>
using namespace metal;
kernel void until(device int2* out [[buffer(0)]], uint i [[thread_position_in_grid]],
                  uint t [[thread_position_in_threadgroup]], uint g [[threadgroup_position_in_grid]]) {
    threadgroup int shared[16];
    threadgroup int total;
    int mine = i;
    int rounds = 0;
    while (true) {
        shared[t] = mine;
        threadgroup_barrier(mem_flags::mem_threadgroup);
        if (t == 0) {
            total = 0;
            for (int k = 0; k < 16; ++k) total += shared[k];
        }
        threadgroup_barrier(mem_flags::mem_threadgroup);
        if (total <= 100) break;
        mine /= 2;
        rounds++;
    }
    if (t == 0) out[g] = int2(rounds, total);
}
