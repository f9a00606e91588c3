//! diagnostics = '''
//! program_source:4:15: error: no template named 'texture2d'; metal-bridge has no textures
//! program_source:7:5: error: unknown type name 'simdgroup_float8x8'; metal-bridge has no simdgroup_matrix
//! '''
// What the library of Metal has and ours lacks.
#include <metal_stdlib>
using namespace metal;
kernel void f(texture2d<float> image [[texture(0)]]) {
}
kernel void g(device float* a [[buffer(0)]]) {
    simdgroup_float8x8 m;
    a[0] = 1;
}
