//! kernel = "sizes"
//! out.0 = "u32 1 1 2 4 8 2 2 4 8 8; u32 8 16 16 4 8 8 4 4 4 8 16 32 32; u32 12 6 3 16 8 2; u32 16 32 48 64 24 64 8 24; u32 16 8 4 16 4 4 1"
// sizeof and alignof of scalars, vectors, packed vectors and matrices (MSL specification, chapter 2).
#include <metal_stdlib>
using namespace metal;
kernel void sizes(device uint* out [[buffer(0)]]) {
    uint all[] = {
        sizeof(bool), sizeof(char), sizeof(short), sizeof(int), sizeof(long), sizeof(half), sizeof(bfloat),
        sizeof(float), sizeof(size_t), sizeof(device float*),
        sizeof(float2), sizeof(float3), sizeof(float4), sizeof(half2), sizeof(half3), sizeof(half4), sizeof(char3),
        sizeof(uchar4), sizeof(bool3), sizeof(short3), sizeof(uint3), sizeof(long3), sizeof(ulong4),
        sizeof(packed_float3), sizeof(packed_half3), sizeof(packed_uchar3), sizeof(packed_float4), sizeof(packed_int2),
        sizeof(packed_char2),
        sizeof(float2x2), sizeof(float4x2), sizeof(float3x3), sizeof(float4x4), sizeof(half3x3), sizeof(float4x3),
        sizeof(half2x2), sizeof(half3x4),
        alignof(float3), alignof(half3), alignof(packed_float3), alignof(float4x4), alignof(char3), alignof(float),
        alignof(packed_uchar3),
    };
    for (uint i = 0; i < sizeof(all) / sizeof(all[0]); ++i) out[i] = all[i];
}
