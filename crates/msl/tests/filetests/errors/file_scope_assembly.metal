//! diagnostics = '''
//! program_source:3:1: error: 'asm' is not supported in Metal
//! program_source:4:1: error: '__asm__' is not supported in Metal
//! '''
#include <metal_stdlib>
using namespace metal;
asm(".globl main");
__asm__("main: ret");
kernel void k(device int* a [[buffer(0)]]) { a[0] = 1; }
