//! grid = 500
//! group = 64
//! in.0 = "f32 -1e30; i32 0; u32 1"
//! out.0 = "f32 249.75; i32 500; u32 937024785"
// Loops of compare and exchange: the maximum of floats, a counter, a product.
#include <metal_stdlib>
using namespace metal;
struct State {
    atomic_uint largest;
    atomic_int count;
    atomic_uint product;
};
void max_float(device atomic_uint* at, float x) {
    uint seen = atomic_load_explicit(at, memory_order_relaxed);
    while (as_type<float>(seen) < x) {
        if (atomic_compare_exchange_weak_explicit(at, &seen, as_type<uint>(x), memory_order_relaxed, memory_order_relaxed)) break;
    }
}
kernel void loops(device State& state [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    max_float(&state.largest, ((i * 7919) % 1000) / 4.0f);
    int seen = atomic_load_explicit(&state.count, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&state.count, &seen, seen + 1, memory_order_relaxed, memory_order_relaxed)) {
    }
    uint product = 12345;
    do {
    } while (!atomic_compare_exchange_weak_explicit(&state.product, &product, product * 3, memory_order_relaxed,
                                                    memory_order_relaxed));
}
