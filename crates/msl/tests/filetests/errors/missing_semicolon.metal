//! snippets = '''
//! program_source:4:22: error: expected ';' after expression
//!     out[0] = 2.0f + 1
//!                      ^
//! '''
#include <metal_stdlib>
using namespace metal;
kernel void k(device float* out [[buffer(0)]]) {
    out[0] = 2.0f + 1
}
