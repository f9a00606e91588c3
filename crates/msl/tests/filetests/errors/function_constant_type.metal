//! diagnostics = '''
//! '''
#include <metal_stdlib>
using namespace metal;
struct Options {
    int a;
};
constant Options options [[function_constant(0)]];
kernel void k(device int* a [[buffer(0)]]) { a[0] = options.a; }
