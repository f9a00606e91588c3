//! zero.0 = "i32 1"
//! pipeline_error = "the initial value of a variable at program scope is not a constant"
// A function that never ends and is to give a constant its value.
#include <metal_stdlib>
using namespace metal;
int forever() {
    int n = 1;
    // Odd numbers stay odd.
    while (n != 0) n *= 3;
    return n;
}
constant int x = forever();
kernel void k(device int* a [[buffer(0)]]) { a[0] = x; }
