//! out.0 = "f32 -8 30 -262 -8 5 0 0 5 1 0 0 0 1 0 1 2 3 4 7 8 5 6 1 0 0 0 0 0"
//! out.1 = "f16 1 2 3 4 5 6"
// Determinants, diagonal matrices, columns, conversions, lists that are too short.
#include <metal_stdlib>
using namespace metal;
kernel void run(device float* out [[buffer(0)]], device half* halves [[buffer(1)]]) {
    out[0] = determinant(float2x2(-2, -2, -4, 0));
    out[1] = determinant(float3x3(-2, -4, 1, -2, 2, -3, -3, -3, -3));
    out[2] = determinant(float4x4(0, 0, -4, 1, 3, 1, -4, -4, 1, 1, 2, 2, 3, -3, -1, 3));
    out[3] = determinant(half2x2(-2, -2, -4, 0));
    float2x2 d = float2x2(5.0);
    out[4] = d[0][0];
    out[5] = d[0][1];
    out[6] = d[1][0];
    out[7] = d[1][1];
    float2x3 wide = float2x3(1.0);
    for (int i = 0; i < 6; i++) out[8 + i] = wide[i / 3][i % 3];
    float2x2 m = float2x2(float2(1, 2), float2(3, 4));
    for (int i = 0; i < 4; i++) out[14 + i] = m[i / 2][i % 2];
    m[1] = float2(5, 6);
    m.columns[0] = float2(7, 8);
    for (int i = 0; i < 4; i++) out[18 + i] = m[i / 2][i % 2];
    float2x3 list = {1};
    for (int i = 0; i < 6; i++) out[22 + i] = list[i / 3][i % 3];
    half3x2 h = half3x2(float3x2(1, 2, 3, 4, 5, 6));
    for (int i = 0; i < 6; i++) halves[i] = h[i / 2][i % 2];
}
