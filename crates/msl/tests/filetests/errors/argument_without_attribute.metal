//! diagnostics = '''
//! program_source:3:1: error: kernel 'k': parameter 'i' of type 'uint' needs an attribute such as [[thread_position_in_grid]], or must be a pointer or reference to device, constant or threadgroup memory
//! '''
#include <metal_stdlib>
using namespace metal;
kernel void k(device float* out [[buffer(0)]], uint i) { out[i] = 1; }
