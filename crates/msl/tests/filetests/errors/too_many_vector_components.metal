//! diagnostics = '''
//! program_source:3:56: error: no matching constructor for initialization of 'float4'
//! '''
#include <metal_stdlib>
using namespace metal;
kernel void k(device float4* a [[buffer(0)]]) { a[0] = float4(1, 2, 3, 4, 5); }
