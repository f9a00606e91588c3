//! diagnostics = '''
//! '''
#include <metal_stdlib>
using namespace metal;
void store(threadgroup float* p) { *p = 1; }
kernel void k(device float* out [[buffer(0)]]) { store(out); }
