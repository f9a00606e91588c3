//! diagnostics = '''
//! program_source:5:5: error: 'asm' is not supported in Metal
//! '''
#include <metal_stdlib>
using namespace metal;
kernel void k(device int* a [[buffer(0)]]) {
    int x = a[0];
    asm volatile("nop" : "+r"(x));
    a[0] = x;
}
