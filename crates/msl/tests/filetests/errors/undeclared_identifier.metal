//! snippets = '''
//! program_source:4:14: error: use of undeclared identifier 'missing'
//!     out[0] = missing;
//!              ^
//! '''
#include <metal_stdlib>
using namespace metal;
kernel void k(device float* out [[buffer(0)]]) {
    out[0] = missing;
}
