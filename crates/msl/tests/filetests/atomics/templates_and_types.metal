//! grid = 100
//! group = 30
//! zero.0 = "u32 2"
//! out.0 = "u32 4950 200"
//! zero.1 = "f32 1"
//! out.1 = "f32 50"
//! zero.2 = "u64 1"
//! out.2 = "u64 850403524608"
//! in.3 = "u8 0 0 0 0"
//! out.3 = "u8 1 0 0 0"
// atomic<T>, the named types, 64-bit maximum, atomic_bool, and function templates over them.
#include <metal_stdlib>
using namespace metal;
template <typename T>
void add(device atomic<T>* at, T x) {
    atomic_fetch_add_explicit(at, x, memory_order_relaxed);
}
kernel void types(device atomic<uint>* n [[buffer(0)]], device atomic<float>* f [[buffer(1)]],
                  device atomic_ulong* big [[buffer(2)]], device atomic_bool* flag [[buffer(3)]],
                  uint i [[thread_position_in_grid]]) {
    add(n, i);
    add<uint>(n + 1, 2);
    add(f, 0.5f);
    atomic_max_explicit(big, ulong(i) << 33, memory_order_relaxed);
    if (i == 57) atomic_store_explicit(flag, true, memory_order_relaxed);
}
