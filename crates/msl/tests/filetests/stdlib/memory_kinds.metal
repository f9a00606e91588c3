//! out.0 = "f32 1 2 3 4  2 3 4 9  5 10 10 11  4 7 10 6  4 3 2 1  100 4 6 8  3 6 9 12  4 3 2 1  4 5 6 3  7 8 9 0  1 2 3 4  1 50 5 7  5 0 0 4"
//! in.1 = "f32 1 2 3 4"
//! in.2 = "i32 5 6 0 0"
//! out.2 = "i32 5 10 10 11"
//! bytes.3 = "f16 1 2 3 4; f32 3 5 7; u8 0*4; u32 5 6"
//! zero.4 = "u8 32"
//! out.4 = "f16 1 2 1 2; f32 4 6 8; u8 _*4; u32 5 77"
// Vectors behind pointers and references of every kind: volatile, const, all address spaces, views of other types.
#include <metal_stdlib>
using namespace metal;
constant float3 table[2] = {float3(1, 2, 3), float3(4, 5, 6)};
struct Pair {
    half4 h;
    packed_float3 p;
    uint2 u;
};
void twice(thread float4& v) { v *= 2; }
void twice(device float4& v) { v *= 3; }
void first(thread float4* v) { v->x = 100; }
kernel void run(device float4* out [[buffer(0)]], const device float* in [[buffer(1)]], volatile device int2* v [[buffer(2)]],
                constant Pair& pair [[buffer(3)]], device Pair* pairs [[buffer(4)]]) {
    out[0] = *(const device float4*)in;
    out[1] = float4(((const device packed_float3*)(in + 1))[0], 9);
    int2 a = v[0];
    v[1] = a + v[0].x;
    v[0].y = v[1].x;
    out[2] = float4(float2(v[0]), float2(v[1].x, v[1].y));
    out[3] = float4(float3(pair.h.xyz) + pair.p, pair.u.y);
    pairs[0] = pair;
    pairs[0].p += 1;
    pairs[0].h.zw = pair.h.xy;
    pairs[0].u[1] = 77;
    threadgroup float4 shared[2];
    threadgroup float4* s = shared;
    s[0] = out[0];
    s[1].wzyx = s[0];
    out[4] = shared[1];
    thread float4 t = out[0];
    twice(t);
    first(&t);
    out[5] = t;
    out[6] = out[0];
    twice(out[6]);
    const float4 array[2] = {out[0], out[0].wzyx};
    out[7] = array[1];
    out[8] = float4(table[1], table[0][2]);
    threadgroup volatile uint3* w = (threadgroup volatile uint3*)shared;
    w[0] = uint3(7, 8, 9);
    uint3 read = w[0];
    out[9] = float4(float3(read), 0);
    float matrix[2][2] = {{1, 2}, {3, 4}};
    out[10] = *(thread float4*)matrix;
    float4 x = out[0];
    for (int i = 0; i < 4; i++) x[i] += i;
    uint index = uint(in[0]);
    x[index] = 50;
    out[11] = x;
    device float* element = (device float*)&out[12];
    element[3] = 4;
    out[12].x = x[index + 1];
}
