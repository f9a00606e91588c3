//! in.0 = "f32 1 2 3 4"
//! out.0 = "f32 1 2 3 4"
//! out.1 = "f32 4 3 2 1 1 1 2 2 3 1 2 4 10 20 3 30 1 2 11 22 5 2 3 5"
//! out.2 = "f32 3 5 4 2"
//! kernel = "swizzles"
// Reading and writing components by xyzw, rgba and index.
#include <metal_stdlib>
using namespace metal;
kernel void swizzles(device float4& in [[buffer(0)]], device float4* out [[buffer(1)]], device float* scalars [[buffer(2)]]) {
    float4 v = in;
    out[0] = v.wzyx;
    out[1] = v.xxyy;
    out[2] = float4(v.b, v.rg, v.a);
    float4 w = v;
    w.xyw = float3(10, 20, 30);
    out[3] = w;
    float4 x = v;
    x.zw += float2(8, 18);
    out[4] = x;
    float4 y = v;
    y.wx = 5.0f;
    out[5] = y;
    scalars[0] = v[2];
    scalars[1] = (v.xy + v.zw).x + 1;
    uint k = 1;
    v[k] = 4;
    scalars[2] = v.g;
    scalars[3] = in.y;
}
