//! grid = 50
//! group = 50
//! out.0 = "u32 10 20 30 40 50 60 70 80 90 100 110 120 130 140 150 160 170 180 190 200 210 220 230 240 250 260 270 280 290 300 310 0 330 340 350 360 370 380 390 400 410 420 430 440 450 460 470 480 490 320"
// A barrier for one SIMD-group; the last has 18 threads.
#include <metal_stdlib>
using namespace metal;
kernel void neighbours(device uint* out [[buffer(0)]], uint t [[thread_position_in_threadgroup]],
                       uint n [[threads_per_threadgroup]]) {
    threadgroup uint shared[64];
    shared[t] = t * 10;
    simdgroup_barrier(mem_flags::mem_threadgroup);
    uint first = t / 32 * 32;
    uint count = min(32u, n - first);
    out[t] = shared[first + (t - first + 1) % count];
}
