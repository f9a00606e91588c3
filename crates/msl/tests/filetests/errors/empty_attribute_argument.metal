//! diagnostics = '''
//! '''
#include <metal_stdlib>
using namespace metal;
kernel void k(device int* a [[buffer()]]) { a[0] = 1; }
