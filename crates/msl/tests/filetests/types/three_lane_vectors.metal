//! grid = 2
//! group = 2
//! in.0 = "f32 1 2 3 -9 4 5 6 -9"
//! in.1 = "f32 1 2 3 4 5 6"
//! in.2 = "f16 1 2 3 -9 4 5 6 -9"
//! in.3 = "u8 1 2 3 99 4 5 6 99"
//! in.4 = "u8 1 2 3 4 5 6"
//! out.5 = "f32 6 6 6 6 6 15 15 15 15 15"
//! in.6 = "f32 -1*8"
//! out.6 = "f32 1 2 3 _ 4 5 6 _"
//! in.7 = "f32 -1*7"
//! out.7 = "f32 1 2 3 4 5 6 -1"
// float3 takes 16 bytes in an array, packed_float3 12, half3 8, uchar3 4, packed_uchar3 3.
#include <metal_stdlib>
using namespace metal;
float sum(float3 v) { return v.x + v.y + v.z; }
kernel void three(device const float3* a [[buffer(0)]], device const packed_float3* b [[buffer(1)]],
                  device const half3* c [[buffer(2)]], device const uchar3* d [[buffer(3)]],
                  device const packed_uchar3* e [[buffer(4)]], device float* out [[buffer(5)]],
                  device float3* whole [[buffer(6)]], device packed_float3* packed [[buffer(7)]],
                  uint i [[thread_position_in_grid]]) {
    device float* o = out + 5 * i;
    o[0] = sum(a[i]);
    o[1] = sum(float3(b[i]));
    o[2] = sum(float3(c[i]));
    o[3] = sum(float3(d[i]));
    uchar3 bytes = e[i];
    o[4] = sum(float3(bytes));
    whole[i] = b[i];
    packed[i] = a[i];
}
