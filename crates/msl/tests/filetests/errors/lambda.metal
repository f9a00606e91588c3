//! diagnostics = '''
//! '''
#include <metal_stdlib>
using namespace metal;
kernel void k(device int* a [[buffer(0)]]) {
    auto f = [](int x) { return x + 1; };
    a[0] = f(1);
}
