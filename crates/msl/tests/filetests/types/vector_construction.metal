//! out.0 = "f32 1 2 3 4 5 5 5 5 1 2 7 8 7 1 2 8 1 2 3 9 9 1 2 3 2 4 6 8"
//! out.1 = "i32 1 -2 3 -4"
//! kernel = "construct"
// All ways to build vectors from scalars and shorter vectors, and conversions between element types.
#include <metal_stdlib>
using namespace metal;
kernel void construct(device float4* out [[buffer(0)]], device int4& ints [[buffer(1)]]) {
    float2 a(1, 2);
    float3 b(a, 3);
    out[0] = float4(1, 2, 3, 4);
    out[1] = 5;
    out[2] = float4(a, 7, 8);
    out[3] = float4(7, a, 8);
    out[4] = float4(b, 9);
    out[5] = float4(9, b);
    out[6] = float4(a, b.z, 4) + float4{1.0f, 2.0f, 3.0f, 4.0f};
    ints = int4(float4(1.9f, -2.9f, 3.5f, -4.1f));
}
