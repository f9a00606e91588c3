//! diagnostics = '''
//! program_source:3:44: error: a function constant cannot have an initializer
//! '''
#include <metal_stdlib>
using namespace metal;
constant int amount [[function_constant(0)]] = 5;
kernel void k(device int* a [[buffer(0)]]) { a[0] = amount; }
