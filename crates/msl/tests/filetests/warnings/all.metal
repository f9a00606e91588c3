//! compile_only = true
//! diagnostics = '''
//! '''
#include <metal_stdlib>
using namespace metal;
#warning "please update"
float f(int x) {
    if (x = 3) return 1;
    int unused = 5;
    return x / 0;
}
kernel void k(device float* a [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    float uninitialised;
    int big = 5000000000;
    a[i] = f(i) + uninitialised + big;
    i == 3;
}
