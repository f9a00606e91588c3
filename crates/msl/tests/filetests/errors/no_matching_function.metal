//! diagnostics = '''
//! program_source:3:56: error: no matching function for call to 'clamp'
//! '''
#include <metal_stdlib>
using namespace metal;
kernel void k(device float4* a [[buffer(0)]]) { a[0] = clamp(a[0]); }
