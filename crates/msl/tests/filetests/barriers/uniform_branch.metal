//! grid = 32
//! group = 8
//! [[run]]
//! bytes.1 = "u32 0"
//! out.0 = "i32 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31"
//! [[run]]
//! bytes.1 = "u32 1"
//! out.0 = "i32 1 2 3 4 5 6 7 0 -8 -9 -10 -11 -12 -13 -14 -15 17 18 19 20 21 22 23 16 -24 -25 -26 -27 -28 -29 -30 -31"
//! [[run]]
//! bytes.1 = "u32 2"
//! out.0 = "i32 0 1 2 3 4 5 6 7 2 4 6 8 10 12 14 0 8 12 16 20 24 28 0 4 24 32 40 48 56 0 8 16"
// Barriers that only some threadgroups meet, and loops of barriers whose length differs between threadgroups.
#include <metal_stdlib>
using namespace metal;
kernel void branches(device int* out [[buffer(0)]], constant uint& mode [[buffer(1)]], uint i [[thread_position_in_grid]],
                     uint t [[thread_position_in_threadgroup]], uint g [[threadgroup_position_in_grid]]) {
    threadgroup int shared[8];
    int r = i;
    if (mode == 1) {
        if (g % 2 == 0) {
            shared[t] = i;
            threadgroup_barrier(mem_flags::mem_threadgroup);
            r = shared[(t + 1) % 8];
        } else {
            r = -int(i);
        }
    } else if (mode == 2) {
        r = t;
        for (uint k = 0; k < g; ++k) {
            shared[t] = r;
            threadgroup_barrier(mem_flags::mem_threadgroup);
            r = shared[(t + 1) % 8] * 2;
            threadgroup_barrier(mem_flags::mem_threadgroup);
        }
    }
    out[i] = r;
}
