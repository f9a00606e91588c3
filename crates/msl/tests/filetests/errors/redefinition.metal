//! diagnostics = '''
//! program_source:4:13: error: redefinition of 'k'
//! program_source:3:13: note: previous definition is here
//! '''
#include <metal_stdlib>
using namespace metal;
kernel void k(device int* a [[buffer(0)]]) { a[0] = 1; }
kernel void k(device int* b [[buffer(0)]]) { b[0] = 2; }
