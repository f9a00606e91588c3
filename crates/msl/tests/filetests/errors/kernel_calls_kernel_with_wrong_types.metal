//! diagnostics = '''
//! program_source:4:84: error: no matching function for call to 'inner'
//! program_source:3:13: note: candidate function not viable: no known conversion from 'device float *' to 'device int *' for 1st argument
//! '''
#include <metal_stdlib>
using namespace metal;
kernel void inner(device int* a [[buffer(0)]], uint i [[thread_position_in_grid]]) { a[i] = 1; }
kernel void k(device float* a [[buffer(0)]], uint i [[thread_position_in_grid]]) { inner(a, i); }
