//! diagnostics = '''
//! program_source:3:63: error: no member named 'z' in 'float2'
//! '''
#include <metal_stdlib>
using namespace metal;
kernel void k(device float2* a [[buffer(0)]]) { a[0].x = a[0].z; }
