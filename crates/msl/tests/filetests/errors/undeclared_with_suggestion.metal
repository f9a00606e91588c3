//! diagnostics = '''
//! program_source:5:14: error: use of undeclared identifier 'lenght'; did you mean 'length'?
//! '''
#include <metal_stdlib>
using namespace metal;
kernel void k(device float* out [[buffer(0)]], constant float3& v [[buffer(1)]]) {
    // The column counts from the user's own text, also after attributes.
    out[0] = lenght(v);
}
