//! grid = 64
//! group = 32
//! in.0 = "u64 5 1000 0xffffffffffffffff"
//! out.0 = "u64 63 0 0xffffffffffffffff"
//! zero.1 = "f32 4"
//! out.1 = "f32 2016 -2016 7 3.5"
//! zero.2 = "u8 4"
//! out.2 = "u8 1 1 0 0"
//! zero.3 = "i32 12"
//! out.3 = "i32 32 32 0 1 31 31 0 1 0 8 9 32"
// Operations that differ by type, and threadgroup memory. The last element counts successful exchanges.
#include <metal_stdlib>
using namespace metal;
kernel void run(device atomic_ulong* longs [[buffer(0)]], device atomic_float* floats [[buffer(1)]],
                device atomic_bool* bools [[buffer(2)]], device atomic<int>* ints [[buffer(3)]],
                uint i [[thread_position_in_grid]], uint t [[thread_index_in_threadgroup]]) {
    atomic_max_explicit(&longs[0], ulong(i), memory_order_relaxed);
    atomic_min_explicit(&longs[1], ulong(i), memory_order_relaxed);
    atomic_max_explicit(&longs[2], 1ul << 40, memory_order_relaxed);
    atomic_fetch_add_explicit(&floats[0], i, memory_order_relaxed);
    atomic_fetch_sub_explicit(&floats[1], float(i), memory_order_relaxed);
    atomic_store_explicit(&floats[2], 7, memory_order_relaxed);
    float wanted = 0;
    atomic_compare_exchange_weak_explicit(&floats[3], &wanted, 3.5f, memory_order_relaxed, memory_order_relaxed);
    bool before = atomic_exchange_explicit(&bools[0], true, memory_order_relaxed);
    bool expected = false;
    atomic_compare_exchange_weak_explicit(&bools[1], &expected, true, memory_order_relaxed, memory_order_relaxed);
    if (atomic_load_explicit(&bools[2], memory_order_relaxed)) atomic_store_explicit(&bools[3], before, memory_order_relaxed);

    threadgroup atomic_int sum, least;
    threadgroup atomic_uint bits, most;
    if (t == 0) {
        atomic_store_explicit(&sum, 0, memory_order_relaxed);
        atomic_store_explicit(&least, 100, memory_order_relaxed);
        atomic_store_explicit(&bits, 0, memory_order_relaxed);
        atomic_store_explicit(&most, 0, memory_order_relaxed);
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    atomic_fetch_add_explicit(&sum, 1, memory_order_relaxed);
    atomic_fetch_min_explicit(&least, int(t), memory_order_relaxed);
    atomic_fetch_or_explicit(&bits, t, memory_order_relaxed);
    atomic_fetch_max_explicit(&most, t, memory_order_relaxed);
    atomic_thread_fence(mem_flags::mem_threadgroup, memory_order_seq_cst, thread_scope_threadgroup);
    threadgroup_barrier(mem_flags::mem_threadgroup | mem_flags::mem_device);
    int won = 0;
    int found = 0;
    if (i < 32) won = atomic_compare_exchange_weak_explicit(&ints[10], &found, 9, memory_order_relaxed, memory_order_relaxed);
    if (won) atomic_fetch_add_explicit(&ints[9], 8, memory_order_relaxed);
    simdgroup_barrier(mem_flags::mem_none);
    if (i == 0) {
        atomic_store_explicit(&ints[0], atomic_load_explicit(&sum, memory_order_relaxed), memory_order_relaxed);
        atomic_store_explicit(&ints[1], atomic_exchange_explicit(&sum, 1, memory_order_relaxed), memory_order_relaxed);
        atomic_store_explicit(&ints[2], atomic_load_explicit(&least, memory_order_relaxed), memory_order_relaxed);
        atomic_store_explicit(&ints[3], atomic_load_explicit(&sum, memory_order_relaxed), memory_order_relaxed);
        atomic_store_explicit(&ints[4], int(atomic_load_explicit(&bits, memory_order_relaxed)), memory_order_relaxed);
        atomic_store_explicit(&ints[5], int(atomic_load_explicit(&most, memory_order_relaxed)), memory_order_relaxed);
        atomic_store_explicit(&ints[7], atomic_fetch_and_explicit(&sum, 0, memory_order_relaxed), memory_order_relaxed);
        atomic_store_explicit(&ints[8], atomic_fetch_xor_explicit(&sum, 3, memory_order_relaxed), memory_order_relaxed);
    }
    if (i < 32) atomic_fetch_add_explicit(&ints[11], 1, memory_order_relaxed);
}
