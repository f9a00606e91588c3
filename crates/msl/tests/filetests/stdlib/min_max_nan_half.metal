//! math = "safe"
//! grid = 8
//! in.0 = "f16 1 2 nan 4 nan inf -5 7"
//! in.1 = "f16 2 1 3 nan nan -inf nan 7"
//! out.2 = "f16 1 2 1 2 1 2 1 2 3 3 3 3 4 4 4 4 nan nan nan nan -inf inf -inf inf -5 -5 -5 -5 7 7 7 7"
//! out.3 = "f16 1 2 1 2 1 2 1 2 3 3 3 3 4 4 4 4 nan nan nan nan -inf inf -inf inf -5 -5 -5 -5 7 7 7 7"
// If one argument is a NaN, the result is the other one; scalars and vectors.
#include <metal_stdlib>
using namespace metal;
kernel void run(device const half* a [[buffer(0)]], device const half* b [[buffer(1)]], device half4* out [[buffer(2)]],
                device half4* vectors [[buffer(3)]], uint i [[thread_position_in_grid]]) {
    half x = a[i], y = b[i];
    out[i] = half4(fmin(x, y), fmax(x, y), min(x, y), max(x, y));
    half2 v = half2(0, x), w = half2(0, y);
    vectors[i] = half4(fmin(v, w).y, fmax(v, w).y, min(v, w).y, max(v, w).y);
}
