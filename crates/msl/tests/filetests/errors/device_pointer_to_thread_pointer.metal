//! diagnostics = '''
//! program_source:3:63: error: cannot initialize a variable of type 'thread float *' with an lvalue of type 'device float *'
//! '''
#include <metal_stdlib>
using namespace metal;
kernel void k(device float* out [[buffer(0)]]) { thread float* p = out; *p = 1; }
