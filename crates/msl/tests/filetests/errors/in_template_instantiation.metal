//! diagnostics = '''
//! '''
#include <metal_stdlib>
using namespace metal;
struct Empty {};
template <typename T>
T twice(T x) {
    return x + x;
}
kernel void k(device int* a [[buffer(0)]]) {
    Empty e = twice(Empty());
    a[0] = sizeof(e);
}
