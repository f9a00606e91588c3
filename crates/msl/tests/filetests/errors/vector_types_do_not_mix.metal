//! diagnostics = '''
//! program_source:3:93: error: invalid operands to binary expression ('device float4' and 'constant int4')
//! '''
#include <metal_stdlib>
using namespace metal;
kernel void k(device float4* a [[buffer(0)]], constant int4& b [[buffer(1)]]) { a[0] = a[0] + b; }
