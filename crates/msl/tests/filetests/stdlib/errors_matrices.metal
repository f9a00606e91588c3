//! diagnostics = '''
//! program_source:5:24: error: invalid operands to binary expression ('float2x2' and 'float3x3')
//! program_source:6:17: error: invalid operands to binary expression ('device float4x4' and 'float3')
//! program_source:6:17: note: remaining 2 candidates omitted; pass -fshow-overloads=all to show them
//! program_source:7:14: error: no viable conversion from 'float' to 'float2x2'
//! program_source:8:18: error: no matching constructor for initialization of 'float2x2'
//! program_source:9:18: error: no matching constructor for initialization of 'float2x2'
//! program_source:10:13: error: no viable conversion from 'float2x2' to 'half2x2'
//! program_source:11:14: error: no matching function for call to 'determinant'
//! program_source:12:17: error: invalid operands to binary expression ('device float4x4' and 'device float4x4')
//! program_source:13:23: error: the elements of a matrix are floating-point numbers
//! '''
// What matrices do not do.
#include <metal_stdlib>
using namespace metal;
kernel void k(device float4x4* m [[buffer(0)]], device float4* f [[buffer(1)]]) {
    m[0] = float2x2(1) * float3x3(1);
    f[0] = m[0] * float3(1);
    float2x2 a = 1.0;
    float2x2 b = float2x2(1, 2, 3);
    float2x2 c = float2x2(float3(1), float3(2));
    half2x2 d = float2x2(1);
    f[1].x = determinant(float2x3(1));
    m[1] = m[0] / m[2];
    matrix<int, 2, 2> e;
}
