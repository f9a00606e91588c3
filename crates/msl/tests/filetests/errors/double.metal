//! diagnostics = '''
//! program_source:4:5: error: 'double' is not supported in Metal
//! '''
#include <metal_stdlib>
using namespace metal;
kernel void k(device float* a [[buffer(0)]]) {
    double x = a[0];
    a[0] = x;
}
