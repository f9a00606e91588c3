//! diagnostics = '''
//! program_source:4:11: error: read-only variable is not assignable
//! '''
#include <metal_stdlib>
using namespace metal;
kernel void k(constant float* in [[buffer(0)]], device float* out [[buffer(1)]]) {
    in[0] = 1;
    out[0] = in[0];
}
