//! snippets = '''
//! program_source:4:14: error: use of undeclared identifier 'bias'
//!     out[0] = bias;
//!              ^
//! '''
#include <metal_stdlib>
using namespace metal;
kernel void k(device float* out [[buffer(0)]]) {
    out[0] = bias;
}
