//! grid = 64
//! group = 64
//! out.0 = "i32 165 0 496 1 -1 496 28 10 496 165 0 496 28 10 496 1 -1 496 165 0 496 1 -1 496 28 10 496 165 0 496 28 10 496 1 -1 496 165 0 496 1 -1 496 28 10 496 165 0 496 28 10 496 1 -1 496 165 0 496 1 -1 496 28 10 496 165 0 496 28 10 496 1 -1 496 165 0 496 1 -1 496 28 10 496 165 0 496 28 10 496 1 -1 496 165 0 496 1 -1 496 62 11 1520 528 33 1520 62 11 1520 35 -1 1520 528 33 1520 35 -1 1520 62 11 1520 528 33 1520 62 11 1520 35 -1 1520 528 33 1520 35 -1 1520 62 11 1520 528 33 1520 62 11 1520 35 -1 1520 528 33 1520 35 -1 1520 62 11 1520 528 33 1520 62 11 1520 35 -1 1520 528 33 1520 35 -1 1520 62 11 1520 528 33 1520 62 11 1520 35 -1 1520 528 33 1520 35 -1 1520 62 11 1520 528 33 1520"
// Only the threads that are in a branch take part; after it, all do again.
#include <metal_stdlib>
using namespace metal;
kernel void divergent(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    int x = i, a, b = -1;
    if (i % 3 == 0) {
        a = simd_sum(x);
        b = simd_broadcast_first(x);
    } else if (i % 2 == 0) {
        a = simd_max(x);
        b = simd_sum(1);
    } else {
        a = simd_min(x);
    }
    out[3 * i] = a;
    out[3 * i + 1] = b;
    out[3 * i + 2] = simd_sum(x);
}
