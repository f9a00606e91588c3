//! diagnostics = '''
//! program_source:6:51: error: a function constant must have a scalar or vector type
//! '''
#include <metal_stdlib>
using namespace metal;
struct Options {
    int a;
};
constant Options options [[function_constant(0)]];
kernel void k(device int* a [[buffer(0)]]) { a[0] = options.a; }
