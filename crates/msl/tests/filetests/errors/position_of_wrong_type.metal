//! diagnostics = '''
//! program_source:3:1: error: kernel 'k': parameter 'i' of type 'float' must be a uint or ushort, or a vector of two or three of them
//! '''
#include <metal_stdlib>
using namespace metal;
kernel void k(device float* a [[buffer(0)]], float i [[thread_position_in_grid]]) { a[0] = i; }
