//! diagnostics = '''
//! '''
#include <metal_stdlib>
using namespace metal;
kernel void k(device int* a [[buffer(0)]]) { a[0] = 1; }
kernel void k(device int* b [[buffer(0)]]) { b[0] = 2; }
