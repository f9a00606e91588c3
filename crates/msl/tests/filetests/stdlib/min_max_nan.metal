//! math = "safe"
//! grid = 8
//! in.0 = "f32 1 2 nan 4 nan inf -5 7"
//! in.1 = "f32 2 1 3 nan nan -inf nan 7"
//! out.2 = "f32 1 2 1 2 1 2 1 2 3 3 3 3 4 4 4 4 nan nan nan nan -inf inf -inf inf -5 -5 -5 -5 7 7 7 7"
//! out.3 = "f32 1 2 1 2 1 2 1 2 3 3 3 3 4 4 4 4 nan nan nan nan -inf inf -inf inf -5 -5 -5 -5 7 7 7 7"
// If one argument is a NaN, the result is the other one; scalars and vectors.
#include <metal_stdlib>
using namespace metal;
kernel void run(device const float* a [[buffer(0)]], device const float* b [[buffer(1)]], device float4* out [[buffer(2)]],
                device float4* vectors [[buffer(3)]], uint i [[thread_position_in_grid]]) {
    float x = a[i], y = b[i];
    out[i] = float4(fmin(x, y), fmax(x, y), min(x, y), max(x, y));
    float2 v = float2(0, x), w = float2(0, y);
    vectors[i] = float4(fmin(v, w).y, fmax(v, w).y, min(v, w).y, max(v, w).y);
}
