//! diagnostics = '''
//! program_source:3:1: error: kernel 'k': parameter 'out' must point or refer to device, constant or threadgroup memory
//! '''
#include <metal_stdlib>
using namespace metal;
kernel void k(float* out [[buffer(0)]]) { out[0] = 1; }
