//! in.0 = "f32 1 2 3 4"
//! out.1 = "f32 2 1 4 3  1 2 13 14  1 9 9 4  3 2 1 4  1 2 8 4  5 6 3 4  11 2 3 4  1 4 9 16  2 4 6 8  0 0 3 4"
//! out.2 = "f32 3 2 1  10 20 3"
// Assignments to components, in functions and templates, of values and of memory.
#include <metal_stdlib>
using namespace metal;
template <typename T>
void swap_halves(device vec<T, 4>& v, vec<T, 4> w) {
    v.xz = w.yw;
    v.yw = w.xz;
}
template <typename T>
void compound(thread vec<T, 4>& v) {
    v.zw += v.zw * 0 + 10;
    v.zw *= vec<T, 2>(1, 1);
}
kernel void run(device const float4* in [[buffer(0)]], device float4* out [[buffer(1)]], device packed_float3* packed [[buffer(2)]]) {
    float4 v = in[0];
    swap_halves(out[0], v);
    float4 w = v;
    compound(w);
    out[1] = w;
    w = v;
    w.yz = 9;
    out[2] = w;
    w = v;
    w.rgb = v.bgr;
    out[3] = w;
    w = v;
    w.z = 8;
    out[4] = w;
    out[5] = v;
    out[5].xy = float2(5, 6);
    w = v;
    w.x += 10;
    out[6] = w;
    w = v;
    w.xyzw *= v;
    out[7] = w;
    w = v;
    w.wzyx += w.wzyx;
    out[8] = w;
    w = v;
    w.xy -= v.xy;
    out[9] = w;
    packed[0] = v.zyx;
    packed[1] = v.xyz;
    packed[1].xy *= 10;
}
