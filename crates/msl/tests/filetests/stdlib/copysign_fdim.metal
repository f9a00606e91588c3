//! math = "safe"
//! grid = 6
//! in.0 = "f32 1 -2 -1 2 0 -1 nan -1 -3 -0 inf -5"
//! out.1 = "f32 -1 3 1 0 -0 1 nan nan -3 0 -inf inf"
//! out.2 = "f32 -1 3 1 0 -0 1 nan nan -3 0 -inf inf"
// copysign takes the sign of zeros too; fdim of a NaN is a NaN.
#include <metal_stdlib>
using namespace metal;
kernel void run(device const float2* in [[buffer(0)]], device float2* out [[buffer(1)]], device float2* vectors [[buffer(2)]],
                uint i [[thread_position_in_grid]]) {
    float x = in[i].x, y = in[i].y;
    out[i] = float2(copysign(x, y), fdim(x, y));
    vectors[i] = float2(copysign(float3(x), float3(y)).z, fdim(float3(x), y).z);
}
