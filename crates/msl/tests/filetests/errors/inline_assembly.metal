//! diagnostics = '''
//! '''
#include <metal_stdlib>
using namespace metal;
kernel void k(device int* a [[buffer(0)]]) {
    int x = a[0];
    asm volatile("nop" : "+r"(x));
    a[0] = x;
}
