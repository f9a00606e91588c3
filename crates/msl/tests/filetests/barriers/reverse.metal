//! grid = 70
//! group = 32
//! in.0 = "i32 0..70"
//! out.1 = "i32 31 30 29 28 27 26 25 24 23 22 21 20 19 18 17 16 15 14 13 12 11 10 9 8 7 6 5 4 3 2 1 0 63 62 61 60 59 58 57 56 55 54 53 52 51 50 49 48 47 46 45 44 43 42 41 40 39 38 37 36 35 34 33 32 69 68 67 66 65 64"
// Threads read what others of their threadgroup wrote; the last threadgroup has 6 threads.
#include <metal_stdlib>
using namespace metal;
kernel void reverse(device const int* in [[buffer(0)]], device int* out [[buffer(1)]], uint i [[thread_position_in_grid]],
                    uint t [[thread_position_in_threadgroup]], uint n [[threads_per_threadgroup]]) {
    threadgroup int shared[32];
    shared[t] = in[i];
    threadgroup_barrier(mem_flags::mem_threadgroup);
    out[i] = shared[n - 1 - t];
}
