//! diagnostics = '''
//! program_source:5:12: error: no viable conversion from 'float3' to 'float4'
//! program_source:6:12: error: no viable conversion from 'device float4' to 'float3'
//! program_source:7:16: error: no matching constructor for initialization of 'float2'
//! program_source:8:16: error: no matching constructor for initialization of 'float4'
//! program_source:9:10: error: no viable overloaded '='
//! program_source:10:10: error: no viable overloaded '='
//! program_source:11:12: error: no matching constructor for initialization of 'float4'
//! program_source:12:10: error: no setter defined for property 'xx'
//! program_source:13:15: error: expression is not assignable
//! program_source:14:16: error: no viable conversion from 'float2' to 'float3'
//! program_source:15:17: error: invalid operands to binary expression ('device float4' and 'device float4')
//! program_source:16:17: error: invalid operands to binary expression ('device float4' and 'device float4')
//! program_source:17:17: error: invalid operands to binary expression ('device float4' and 'int')
//! program_source:18:17: error: overload resolution selected deleted operator '*'
//! program_source:19:10: error: overload resolution selected deleted operator '+='
//! program_source:20:17: error: invalid operands to binary expression ('device bool4' and 'device bool4')
//! program_source:21:18: error: member reference base type 'device float' is not a structure or union
//! program_source:22:18: error: no member named 'xr' in 'float4'
//! program_source:23:9: error: value of type 'bool4' is not contextually convertible to 'bool'
//! program_source:24:16: error: excess elements in vector initializer
//! program_source:25:18: error: invalid operands to binary expression ('device float4' and 'float3')
//! program_source:26:5: error: cannot increment value of type 'device bool4'
//! '''
// What vectors do not do.
#include <metal_stdlib>
using namespace metal;
kernel void k(device float4* f [[buffer(0)]], device int4* i [[buffer(1)]], device bool4* b [[buffer(2)]]) {
    float4 v = float3(1);
    float3 w = f[0];
    float2 x = float2(1, 2, 3);
    float4 y = float4(float2(1), 2);
    i[0] = f[0];
    f[1] = i[0];
    f[2] = float4(int2(1), 3, 4);
    f[3].xx = 1;
    f[4].xy.x = 1;
    f[5].xyz = f[0].xy;
    f[6] = f[0] % f[1];
    f[7] = f[0] & f[1];
    f[8] = f[0] << 1;
    i[1] = i[0] * 0.5;
    i[2] += 0.5;
    b[0] = b[1] + b[2];
    f[9] = f[0].w.x;
    f[10] = f[0].xr;
    if (f[0] == f[1]) f[11] = 1;
    float4 z = {1, 2, 3, 4, 5};
    f[12] = f[0] + float3(1);
    ++b[3];
}
