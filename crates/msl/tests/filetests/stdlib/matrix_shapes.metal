//! out.0 = "f32 4 2 -12 8 -1 -2 4 1 -1 -3 -6 2 -11 16 -10 19 2 6 5 -6 -8 18 10 -19 10 -12 8 -4 -6 3 3 6 -14 9 0 1 1 -2 -4 0 12 -6 2 2 3 2 -2 2 1 4 4 4 16 8 6 -4 2 14 4 10 14 -6 6 1 6 3 -10 10 -2 -6 4 -2 14 -6 6 -9 -4 -7 0 0 0 0 -2 2 15 -8 3 0 1 1 -10 -14 6 10 -2 -4 -14 -4 -3 -3 -3 1 3 -3 3 2 -6 2 -6 4 0 -9 -9 -13 15 10 12 12 -12 -12 21 9 -3 -18 -3 13 -21 -1 15 11 -9 -14 -6 -6 6 6 6 -2 6 -4 9 13 -15 -10 -6 -2 0 5 -13 -17 9 13 -5 -3 -17 -2 0 1 1 4 -2 12 6 12 2 -2 2 4 2 3 2 -2 -4 -4 -1 2 -22 3 -18 -1 -24 -10 8 13 10 8 -16 -28 10 8 -6 -1 -2 -2 2 0 14 9 16 4 0 1 1 0 0 -2 6 -10 -4 -10 -6 10 1 2 -2 0 -3 0 0 -4 4 -3 -6 4 -2 -16 16 -10 9 16 5 -9 -12 1 9 -4 0 3 8 -4 0 4 3 -3 -12 -6 0 16 4 -9 -8 -2 0 8 1 0 -2 8 -13 -8 -12 -6 14 0 1 1 10 0 4 4 0 -10 0 8 -2 6 -10 -16 2 -1 2 -4 -4 4 2 3 -1 -2 4 -4 6 -16 11 -2 4 -7 7 -17 -8 4 32 -8 -8 8 20 10 36 -18 -30 -2 -40 18 16 -11 0 -1 18 2 -4 9 4 -11 8 -4 16 9 32 -15 -26 -6 16 -11 2 12 -4 6 2 -1 -14 3 12 0 10 -11 -20 0 1 1 0 4 0 10 -4 -2 2 -10 0 -4 2 0 -2 3 -4 -1 18 -25 6 3 6 3 18 -9 -8 -1 10 -9 -4 -4 -2 1 8 -9 -14 28 2 -5 20 -20 0 2 -4 13 -2 -6 2 -11 0 1 1 6 4 6 0 -4 8 -6 6 -2 2 6 -12 1 2 -4 4 3 2 -1 0 1 3 -1 -3 11 11 -2 10 8 -7 4 -29 -11 5 6 -4 10 -34 -6 -5 -7 -3 17 -1 1 5 -9 9 12 -16 -8 7 33 2 0 -8 -5 13 7 7 7 2 -2 11 -10 5 -3 6 6 -15 0 1 1 -2 -6 0 6 12 0 4 -2 0 -4 14 10 2 10 4 -6 -3 3 2 -3 -1 2 1 2 -2 0 4 4 -1 1 2 -1 14 1 -14 2 0 3 -5 -3 -8 -2 0 0 -5 -3 -14 -7 1 -4 -18 -1 -13 4 14 -3 21 7 12 11 -14 7 -10 -10 -2 9 2 -6 -3 -6 -14 -5 -5 -3 -4 -3 -5 -7 -2 5 15 2 4 -1 2 -3 18 12 -1 12 8 -7 0 1 1"
// Products, transposes and operators of all shapes, on small integers, which are exact.
#include <metal_stdlib>
using namespace metal;
template <typename M>
device float* store(device float* o, M m, int columns, int rows) {
    for (int c = 0; c < columns; c++)
        for (int r = 0; r < rows; r++) *o++ = m[c][r];
    return o;
}
kernel void run(device float* out [[buffer(0)]]) {
    device float* o = out;
    {
        float2x2 a = float2x2(-1, 4, -2, 1);
        const float2x2 b = {3, -3, -4, 3};
        o = store(o, a + b * 2 - -a, 2, 2);
        o = store(o, transpose(a), 2, 2);
        float2 right = a * float2(-1, 1);
        float2 left = float2(-2, -2) * a;
        for (int i = 0; i < 2; i++) *o++ = right[i];
        for (int i = 0; i < 2; i++) *o++ = left[i];
        o = store(o, a * float2x2(3, 4, 4, 3), 2, 2);
        o = store(o, a * float3x2(2, -2, -1, -2, 4, 2), 3, 2);
        o = store(o, a * float4x2(-4, -3, -2, -4, 0, -4, 0, 3), 4, 2);
        a += b;
        a *= 3;
        a -= b;
        o = store(o, a, 2, 2);
        *o++ = a == b;
        *o++ = a != b;
        *o++ = b == float2x2(b);
    }
    {
        float2x3 a = float2x3(2, 2, 2, 3, -2, 1);
        const float2x3 b = {-3, -4, -2, 3, -1, 0};
        o = store(o, a + b * 2 - -a, 2, 3);
        o = store(o, transpose(a), 3, 2);
        float3 right = a * float2(2, 0);
        float2 left = float3(3, 2, 3) * a;
        for (int i = 0; i < 3; i++) *o++ = right[i];
        for (int i = 0; i < 2; i++) *o++ = left[i];
        o = store(o, a * float2x2(0, 2, 4, 2), 2, 3);
        o = store(o, a * float3x2(1, 4, 2, -1, 1, -4), 3, 3);
        o = store(o, a * float4x2(0, -2, 1, 4, -3, -1, 0, 0), 4, 3);
        a += b;
        a *= 3;
        a -= b;
        o = store(o, a, 2, 3);
        *o++ = a == b;
        *o++ = a != b;
        *o++ = b == float2x3(b);
    }
    {
        float2x4 a = float2x4(-3, -3, 3, 3, -3, 1, -3, 2);
        const float2x4 b = {-2, -4, 0, 2, 2, -3, -4, -4};
        o = store(o, a + b * 2 - -a, 2, 4);
        o = store(o, transpose(a), 4, 2);
        float4 right = a * float2(0, 2);
        float2 left = float4(1, -1, 1, -1) * a;
        for (int i = 0; i < 4; i++) *o++ = right[i];
        for (int i = 0; i < 2; i++) *o++ = left[i];
        o = store(o, a * float2x2(4, -1, -4, 0), 2, 4);
        o = store(o, a * float3x2(-4, -3, -3, 4, -4, -1), 3, 4);
        o = store(o, a * float4x2(2, 0, 0, -2, -4, 1, 1, 1), 4, 4);
        a += b;
        a *= 3;
        a -= b;
        o = store(o, a, 2, 4);
        *o++ = a == b;
        *o++ = a != b;
        *o++ = b == float2x4(b);
    }
    {
        float3x2 a = float3x2(-2, 2, 2, 3, 4, 2);
        const float3x2 b = {4, -3, 4, 0, 2, -1};
        o = store(o, a + b * 2 - -a, 3, 2);
        o = store(o, transpose(a), 2, 3);
        float2 right = a * float3(-1, 0, -1);
        float3 left = float2(1, -1) * a;
        for (int i = 0; i < 2; i++) *o++ = right[i];
        for (int i = 0; i < 3; i++) *o++ = left[i];
        o = store(o, a * float2x3(4, 1, -4, 2, 1, -4), 2, 2);
        o = store(o, a * float3x3(2, -2, -4, 1, 3, 1, 1, 0, 3), 3, 2);
        o = store(o, a * float4x3(-4, -4, -4, 1, 0, 3, 0, 1, -2, 1, -2, 1), 4, 2);
        a += b;
        a *= 3;
        a -= b;
        o = store(o, a, 3, 2);
        *o++ = a == b;
        *o++ = a != b;
        *o++ = b == float3x2(b);
    }
    {
        float3x3 a = float3x3(1, 0, 0, 2, -3, -4, -2, 0, 4);
        const float3x3 b = {-1, 0, -1, 1, -2, 2, -3, -3, 1};
        o = store(o, a + b * 2 - -a, 3, 3);
        o = store(o, transpose(a), 3, 3);
        float3 right = a * float3(-1, 2, 3);
        float3 left = float3(-2, 0, 3) * a;
        for (int i = 0; i < 3; i++) *o++ = right[i];
        for (int i = 0; i < 3; i++) *o++ = left[i];
        o = store(o, a * float2x3(-2, -3, 1, -1, 3, 0), 2, 3);
        o = store(o, a * float3x3(-1, -3, -4, 4, -1, 1, -2, 0, 1), 3, 3);
        o = store(o, a * float4x3(-3, 1, -2, 2, 0, 4, 0, 3, 1, 2, 0, 2), 4, 3);
        a += b;
        a *= 3;
        a -= b;
        o = store(o, a, 3, 3);
        *o++ = a == b;
        *o++ = a != b;
        *o++ = b == float3x3(b);
    }
    {
        float3x4 a = float3x4(2, -4, 2, -2, -1, -4, 3, 4, 2, 4, -1, -4);
        const float3x4 b = {3, 4, 0, 4, 1, -1, -3, 0, -3, -1, -4, -4};
        o = store(o, a + b * 2 - -a, 3, 4);
        o = store(o, transpose(a), 4, 3);
        float4 right = a * float3(3, 2, 1);
        float3 left = float4(-2, 0, 1, -3) * a;
        for (int i = 0; i < 4; i++) *o++ = right[i];
        for (int i = 0; i < 3; i++) *o++ = left[i];
        o = store(o, a * float2x3(-4, 3, -3, -2, 4, 0), 2, 4);
        o = store(o, a * float3x3(-1, -4, 4, 4, 2, -4, -3, 1, -2), 3, 4);
        o = store(o, a * float4x3(0, 4, 3, -4, 1, -1, -1, -3, 4, -3, -2, -1), 4, 4);
        a += b;
        a *= 3;
        a -= b;
        o = store(o, a, 3, 4);
        *o++ = a == b;
        *o++ = a != b;
        *o++ = b == float3x4(b);
    }
    {
        float4x2 a = float4x2(0, -2, -4, 3, 2, -4, 0, -1);
        const float4x2 b = {0, 4, 4, 2, -4, 3, 1, -4};
        o = store(o, a + b * 2 - -a, 4, 2);
        o = store(o, transpose(a), 2, 4);
        float2 right = a * float4(3, -3, 3, -2);
        float4 left = float2(-3, -3) * a;
        for (int i = 0; i < 2; i++) *o++ = right[i];
        for (int i = 0; i < 4; i++) *o++ = left[i];
        o = store(o, a * float2x4(-4, -3, 3, -4, -3, 4, 4, 3), 2, 2);
        o = store(o, a * float3x4(1, -2, 1, -3, 1, 2, 2, 0, 1, 0, -1, 1), 3, 2);
        o = store(o, a * float4x4(2, -3, -2, 4, -4, 2, -3, -2, -4, 1, 3, 4, 2, -4, 2, -4), 4, 2);
        a += b;
        a *= 3;
        a -= b;
        o = store(o, a, 4, 2);
        *o++ = a == b;
        *o++ = a != b;
        *o++ = b == float4x2(b);
    }
    {
        float4x3 a = float4x3(1, 3, 1, 2, 2, 3, -4, -1, -1, 4, 0, -3);
        const float4x3 b = {2, -1, 2, -2, -4, 1, 1, 4, 0, -3, 3, -3};
        o = store(o, a + b * 2 - -a, 4, 3);
        o = store(o, transpose(a), 3, 4);
        float3 right = a * float4(3, 2, 2, 3);
        float4 left = float3(1, 3, 0) * a;
        for (int i = 0; i < 3; i++) *o++ = right[i];
        for (int i = 0; i < 4; i++) *o++ = left[i];
        o = store(o, a * float2x4(-3, 1, 4, -3, -4, 3, -2, -1), 2, 3);
        o = store(o, a * float3x4(2, -4, 4, -3, -3, 2, -2, -4, 1, -3, -4, -3), 3, 3);
        o = store(o, a * float4x4(3, 0, 0, -3, -4, 4, 4, -1, -3, 4, -3, 4, -4, 4, 1, -2), 4, 3);
        a += b;
        a *= 3;
        a -= b;
        o = store(o, a, 4, 3);
        *o++ = a == b;
        *o++ = a != b;
        *o++ = b == float4x3(b);
    }
    {
        float4x4 a = float4x4(-3, -1, -2, -1, 3, 2, 0, 1, 2, 1, 4, 2, -3, 2, 4, -1);
        const float4x4 b = {2, -2, 2, 4, 3, -2, 2, -2, -2, -3, 3, 3, 4, 3, -2, -2};
        o = store(o, a + b * 2 - -a, 4, 4);
        o = store(o, transpose(a), 4, 4);
        float4 right = a * float4(-1, 3, -2, -2);
        float4 left = float4(1, 1, -1, -2) * a;
        for (int i = 0; i < 4; i++) *o++ = right[i];
        for (int i = 0; i < 4; i++) *o++ = left[i];
        o = store(o, a * float2x4(4, 0, 2, 0, -1, 0, -4, 0), 2, 4);
        o = store(o, a * float3x4(3, 2, -1, -2, 1, -1, 1, 3, -2, 2, 3, -1), 3, 4);
        o = store(o, a * float4x4(3, 4, -4, 3, -3, 2, -4, 3, -1, -1, -3, -1, 0, -1, -1, 0), 4, 4);
        a += b;
        a *= 3;
        a -= b;
        o = store(o, a, 4, 4);
        *o++ = a == b;
        *o++ = a != b;
        *o++ = b == float4x4(b);
    }
}
