//! diagnostics = '''
//! program_source:4:29: error: 'threadgroup' variable cannot have an initializer other than zero
//! '''
#include <metal_stdlib>
using namespace metal;
kernel void k(device int* a [[buffer(0)]]) {
    threadgroup int counter = 5;
    a[0] = counter;
}
