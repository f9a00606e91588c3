//! out.0 = "f32 5 13 10 0.60009766 0.7998047 3.0058594 25 5 2"
//! out.1 = "f16 11 5 25"
//! out.2 = "bf16 11 5 25"
// Vectors of two and four, half, bfloat, packed vectors. half rounds the normalised vector and the distance once.
#include <metal_stdlib>
using namespace metal;
kernel void run(device float* out [[buffer(0)]], device half* halves [[buffer(1)]], device bfloat* bfloats [[buffer(2)]]) {
    out[0] = length(float2(3, 4));
    out[1] = length(float4(2, 4, 7, 10));
    out[2] = dot(float4(1, 2, 3, 4), float4(0, 1, 0, 2));
    half2 n = normalize(half2(3, 4));
    out[3] = n.x;
    out[4] = n.y;
    out[5] = distance(half2(1), half2(3.125));
    packed_float3 p = packed_float3(3, 4, 0);
    out[6] = length_squared(p);
    out[7] = fast::length(p);
    out[8] = dot(p, packed_float3(0, 0.5, 7));
    halves[0] = dot(half2(1, 2), half2(3, 4));
    halves[1] = length(half2(3, 4));
    halves[2] = distance_squared(half3(1, 2, 3), half3(1, 5, 7));
    bfloats[0] = dot(bfloat2(1, 2), bfloat2(3, 4));
    bfloats[1] = length(bfloat2(3, 4));
    bfloats[2] = distance_squared(bfloat3(1, 2, 3), bfloat3(1, 5, 7));
}
