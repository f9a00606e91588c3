//! in.0 = "u8 1; u8 0*3; f32 2.5; u16 3 0 0 0; f32 4 5 6 0; f32 7 8 9; u8 10 11 0 0; u64 12; i16 13 14 15; u8 1 0; f16 1 2 3 0; u8 0*8"
//! out.1 = "f32 1 2.5 3 4 5 6 7 8 9 10 11 12 13 14 15 1 1 2 3; u32 80"
//! kernel = "layout"
// A struct with every kind of padding, read field by field.
#include <metal_stdlib>
using namespace metal;
struct Inner {
    short values[3];
    bool flag;
};
struct Params {
    uchar a;            // 0
    float b;            // 4
    ushort c;           // 8
    float3 d;           // 16, 16 bytes
    packed_float3 e;    // 32, 12 bytes
    uchar2 f;           // 44
    ulong g;            // 48
    Inner h;            // 56, 8 bytes
    half3 i;            // 64, 8 bytes
};
kernel void layout(constant Params& p [[buffer(0)]], device float* out [[buffer(1)]]) {
    float all[] = {float(p.a), p.b, float(p.c), p.d.x, p.d.y, p.d.z, p.e[0], p.e[1], p.e[2], float(p.f.x), float(p.f.y),
                   float(p.g), float(p.h.values[0]), float(p.h.values[1]), float(p.h.values[2]), float(p.h.flag),
                   float(p.i.x), float(p.i.y), float(p.i.z)};
    for (int k = 0; k < 19; ++k) out[k] = all[k];
    ((device uint*)out)[19] = sizeof(Params);
}
