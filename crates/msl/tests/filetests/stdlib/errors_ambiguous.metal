//! diagnostics = '''
//! program_source:5:12: error: call to 'max' is ambiguous
//! program_source:6:12: error: call to 'min' is ambiguous
//! program_source:7:12: error: call to 'clamp' is ambiguous
//! program_source:8:12: error: call to 'pow' is ambiguous
//! program_source:9:12: error: call to 'sqrt' is ambiguous
//! program_source:10:12: error: call to 'max' is ambiguous
//! program_source:11:12: error: call to 'mix' is ambiguous
//! '''
// Scalar functions are overloads, as in Metal: a mix of types is ambiguous where C++ says so.
#include <metal_stdlib>
using namespace metal;
kernel void k(device float* f [[buffer(0)]], device int* i [[buffer(1)]], device uint* u [[buffer(2)]], device half* h [[buffer(3)]]) {
    i[0] = max(0, f[0]);
    i[1] = min(i[0], u[0]);
    f[1] = clamp(f[0], 0, 1);
    f[2] = pow(2, 3);
    f[3] = sqrt(i[0]);
    f[4] = max(h[0], f[0]);
    h[1] = mix(h[0], h[0], 0.5);
}
