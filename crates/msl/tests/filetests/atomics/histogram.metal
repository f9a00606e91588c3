//! grid = 1000
//! group = 64
//! in.0 = "u8 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14 8 0 6 10 12 12 10 6 0 8 14 2 4 4 2 14"
//! [[run]]
//! kernel = "direct"
//! zero.1 = "u32 16"
//! out.1 = "u32 125 0 126 0 126 0 124 0 125 0 124 0 124 0 126 0"
//! [[run]]
//! kernel = "by_threadgroup"
//! zero.1 = "u32 16"
//! out.1 = "u32 125 0 126 0 126 0 124 0 125 0 124 0 124 0 126 0"
// A histogram over all threadgroups, directly and by way of threadgroup memory.
#include <metal_stdlib>
using namespace metal;
kernel void direct(device const uchar* in [[buffer(0)]], device atomic_uint* bins [[buffer(1)]],
                   uint i [[thread_position_in_grid]]) {
    atomic_fetch_add_explicit(&bins[in[i]], 1, memory_order_relaxed);
}
kernel void by_threadgroup(device const uchar* in [[buffer(0)]], device atomic_uint* bins [[buffer(1)]],
                           uint i [[thread_position_in_grid]], uint t [[thread_position_in_threadgroup]],
                           uint n [[threads_per_threadgroup]]) {
    threadgroup atomic_uint local[16];
    for (uint k = t; k < 16; k += n) atomic_store_explicit(&local[k], 0, memory_order_relaxed);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    atomic_fetch_add_explicit(&local[in[i]], 1, memory_order_relaxed);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    for (uint k = t; k < 16; k += n) {
        uint count = atomic_load_explicit(&local[k], memory_order_relaxed);
        if (count > 0) atomic_fetch_add_explicit(&bins[k], count, memory_order_relaxed);
    }
}
