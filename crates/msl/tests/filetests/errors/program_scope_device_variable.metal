//! diagnostics = '''
//! program_source:3:12: error: variable 'counter' must be in the constant address space
//! '''
#include <metal_stdlib>
using namespace metal;
device int counter;
kernel void k(device int* a [[buffer(0)]]) { a[0] = ++counter; }
