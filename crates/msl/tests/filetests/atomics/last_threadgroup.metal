//! grid = 256
//! group = 32
//! zero.1 = "u32 8"
//! zero.2 = "u32 1"
//! out.0 = "u32 767"
//! out.2 = "u32 8"
// The threadgroup that finishes last adds up what the others stored.
#include <metal_stdlib>
using namespace metal;
kernel void last(device uint* total [[buffer(0)]], device atomic_uint* partial [[buffer(1)]], device atomic_uint* done [[buffer(2)]],
                 uint i [[thread_position_in_grid]], uint t [[thread_position_in_threadgroup]],
                 uint g [[threadgroup_position_in_grid]], uint groups [[threadgroups_per_grid]]) {
    threadgroup bool is_last;
    uint sum = simd_sum((i * 3) % 7);
    if (t == 0) {
        atomic_store_explicit(&partial[g], sum, memory_order_relaxed);
        atomic_thread_fence(mem_flags::mem_device, memory_order_seq_cst, thread_scope_device);
        is_last = atomic_fetch_add_explicit(done, 1, memory_order_relaxed) == groups - 1;
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    if (is_last && t == 0) {
        atomic_thread_fence(mem_flags::mem_device, memory_order_seq_cst, thread_scope_device);
        uint all = 0;
        for (uint k = 0; k < groups; ++k) all += atomic_load_explicit(&partial[k], memory_order_relaxed);
        *total = all;
    }
}
