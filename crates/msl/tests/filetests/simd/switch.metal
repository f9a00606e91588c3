//! grid = 32
//! group = 32
//! out.0 = "i32 112 8 30 3 112 8 30 3 112 8 30 3 112 8 30 3 112 8 30 3 112 8 30 3 112 8 30 3 112 8 30 3"
// Reductions in the cases of a switch.
#include <metal_stdlib>
using namespace metal;
kernel void cases(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    int r;
    switch (i % 4) {
        case 0: r = simd_sum(int(i)); break;
        case 1: r = simd_sum(1); break;
        case 2: r = simd_max(int(i)); break;
        default: r = simd_broadcast_first(int(i));
    }
    out[i] = r;
}
