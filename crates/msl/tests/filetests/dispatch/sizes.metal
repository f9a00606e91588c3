//! kernel = "count"
//! [[run]]
//! grid = 1
//! group = 1024
//! zero.0 = "u32 4"
//! out.0 = "u32 1 1 0 0"
//! [[run]]
//! grid = 1000
//! group = 1
//! zero.0 = "u32 4"
//! out.0 = "u32 1000 1000 1000 0"
//! [[run]]
//! grid = [100, 37]
//! group = [32, 32]
//! zero.0 = "u32 4"
//! out.0 = "u32 3700 8 3072 0"
//! [[run]]
//! threadgroups = [3, 4, 5]
//! group = [4, 3, 2]
//! zero.0 = "u32 4"
//! out.0 = "u32 1440 60 1440 0"
//! [[run]]
//! grid = [33, 65, 3]
//! group = [16, 16, 4]
//! zero.0 = "u32 4"
//! out.0 = "u32 6435 15 0 0"
//! [[run]]
//! grid = [2000, 300]
//! group = [1024, 1]
//! zero.0 = "u32 4"
//! out.0 = "u32 600000 600 307200 0"
// Counts threads, threadgroups, threads of full threadgroups, and threads outside of the grid.
#include <metal_stdlib>
using namespace metal;
kernel void count(device atomic_uint* out [[buffer(0)]], uint3 p [[thread_position_in_grid]], uint3 grid [[threads_per_grid]],
                  uint i [[thread_index_in_threadgroup]], uint3 size [[threads_per_threadgroup]],
                  ushort3 full [[dispatch_threads_per_threadgroup]]) {
    atomic_fetch_add_explicit(out, 1, memory_order_relaxed);
    if (i == 0) atomic_fetch_add_explicit(out + 1, 1, memory_order_relaxed);
    if (all(size == uint3(full))) atomic_fetch_add_explicit(out + 2, 1, memory_order_relaxed);
    if (any(p >= grid)) atomic_fetch_add_explicit(out + 3, 1, memory_order_relaxed);
}
