//! threadgroups = 3
//! group = 40
//! out.0 = "i32 0 40 0 780 100 40 39 781 200 40 78 782"
// Scalars, structs, several variables and atomics in threadgroup memory; every threadgroup has its own.
#include <metal_stdlib>
using namespace metal;
struct Best {
    int value;
    uint at;
};
kernel void variables(device int4* out [[buffer(0)]], uint t [[thread_position_in_threadgroup]],
                      uint g [[threadgroup_position_in_grid]]) {
    threadgroup int first;
    threadgroup atomic_int count;
    threadgroup atomic_int sum;
    threadgroup Best best;
    if (t == 0) {
        first = g * 100;
        best.value = -1;
        atomic_store_explicit(&count, 0, memory_order_relaxed);
        atomic_store_explicit(&sum, int(g), memory_order_relaxed);
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    atomic_fetch_add_explicit(&count, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&sum, int(t), memory_order_relaxed);
    if (t == 39) {
        best.value = g * t;
        best.at = t;
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    if (t == 7) {
        out[g] = int4(first, atomic_load_explicit(&count, memory_order_relaxed), best.value,
                      atomic_load_explicit(&sum, memory_order_relaxed));
    }
}
