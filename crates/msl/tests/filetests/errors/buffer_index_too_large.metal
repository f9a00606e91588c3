//! diagnostics = '''
//! program_source:3:1: error: kernel 'k': parameter 'a': index 31 is not from 0 to 30
//! '''
#include <metal_stdlib>
using namespace metal;
kernel void k(device float* a [[buffer(31)]]) { a[0] = 1; }
