//! diagnostics = '''
//! '''
#include <metal_stdlib>
using namespace metal;
constant int amount [[function_constant(0)]];
constant float other [[function_constant(0)]];
kernel void k(device int* a [[buffer(0)]]) { a[0] = amount + int(other); }
