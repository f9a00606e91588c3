//! diagnostics = '''
//! program_source:3:31: error: malformed attribute 'buffer'
//! '''
#include <metal_stdlib>
using namespace metal;
kernel void k(device int* a [[buffer(0]]) { a[0] = 1; }
