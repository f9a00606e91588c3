//! diagnostics = '''
//! '''
#include <metal_stdlib>
using namespace metal;
asm(".globl main");
__asm__("main: ret");
kernel void k(device int* a [[buffer(0)]]) { a[0] = 1; }
