//! diagnostics = '''
//! program_source:3:61: error: read-only variable is not assignable
//! '''
#include <metal_stdlib>
using namespace metal;
kernel void k(device const float* in [[buffer(0)]]) { in[0] = 1; }
