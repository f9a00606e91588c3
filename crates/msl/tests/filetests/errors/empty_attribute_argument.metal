//! diagnostics = '''
//! program_source:3:1: error: expected expression
//! '''
#include <metal_stdlib>
using namespace metal;
kernel void k(device int* a [[buffer()]]) { a[0] = 1; }
