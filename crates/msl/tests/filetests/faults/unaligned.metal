//! kernel = "unaligned"
//! in.0 = "f32 0..12"
//! out.1 = "f32 1 2 3 4 3 0 0 0 5 6 7 8"
// Vectors at addresses that are not multiples of their size are read and written all the same.
#include <metal_stdlib>
using namespace metal;
kernel void unaligned(device const float* in [[buffer(0)]], device float* out [[buffer(1)]]) {
    float4 a = *(device const float4*)(in + 1);
    *(device float4*)out = a;
    out[4] = ((device const float2*)(in + 3))->x;
    *(device float4*)(out + 8) = *(device const float4*)(in + 5);
}
