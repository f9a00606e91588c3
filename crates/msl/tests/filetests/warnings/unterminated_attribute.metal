//! compile_only = true
//! diagnostics = '''
//! program_source:3:31: warning: unknown attribute 'buffer' ignored [-Wunknown-attributes]
//! '''
#include <metal_stdlib>
using namespace metal;
kernel void k(device int* a [[buffer(0]]) { a[0] = 1; }
