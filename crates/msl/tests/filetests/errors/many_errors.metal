//! diagnostics = '''
//! '''
// All errors of a file are told, and warnings in between.
#include <metal_stdlib>
using namespace metal;
kernel void k(device int* a [[buffer(0)]]) {
    a[0] = one;
    a[1] = two;
    a[2] = 1 << 40;
    a[3] = rest
    a[4] = 5;
}
