//! grid = 200
//! group = 32
//! zero.0 = "u32 1"
//! zero.1 = "u32 200"
//! in.2 = "i32 -1"
//! zero.3 = "i32 1"
//! zero.4 = "u32 1"
//! out.0 = "u32 200"
//! out.1 = "u32 1*200"
//! out.2 = "i32 -7"
//! out.3 = "i32 19899"
// What the operations return: every ticket comes once, and every value that was stored comes out of one exchange.
#include <metal_stdlib>
using namespace metal;
kernel void tickets(device atomic_uint* next [[buffer(0)]], device atomic_uint* taken [[buffer(1)]],
                    device atomic_int* slot [[buffer(2)]], device atomic_int* sum [[buffer(3)]],
                    device atomic_uint* done [[buffer(4)]], uint i [[thread_position_in_grid]]) {
    uint ticket = atomic_fetch_add_explicit(next, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&taken[ticket], 1, memory_order_relaxed);
    int before = atomic_exchange_explicit(slot, int(i), memory_order_relaxed);
    atomic_fetch_add_explicit(sum, before, memory_order_relaxed);
    atomic_thread_fence(mem_flags::mem_device, memory_order_seq_cst, thread_scope_device);
    if (atomic_fetch_add_explicit(done, 1, memory_order_relaxed) == 199) {
        before = atomic_exchange_explicit(slot, -7, memory_order_relaxed);
        atomic_fetch_add_explicit(sum, before, memory_order_relaxed);
    }
}
