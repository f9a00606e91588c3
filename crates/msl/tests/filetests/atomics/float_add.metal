//! grid = 1000
//! group = 96
//! zero.0 = "f32 2"
//! out.0 = "f32 124875.0 -999"
// All partial sums are exact: multiples of 1/4 below 2^22.
#include <metal_stdlib>
using namespace metal;
kernel void add(device atomic_float* sums [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    atomic_fetch_add_explicit(&sums[0], i * 0.25f, memory_order_relaxed);
    atomic_fetch_sub_explicit(&sums[1], float(i % 3), memory_order_relaxed);
}
