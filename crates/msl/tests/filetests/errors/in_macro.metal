//! diagnostics = '''
//! '''
#include <metal_stdlib>
using namespace metal;
#define SCALE(x) ((x) * factor)
kernel void k(device int* a [[buffer(0)]]) {
    a[0] = SCALE(a[0]);
}
