//! diagnostics = '''
//! program_source:5:12: error: no matching function for call to 'exp'
//! program_source:6:12: error: no matching function for call to 'dot'
//! program_source:7:12: error: no matching function for call to 'max'
//! program_source:8:12: error: no matching function for call to 'cross'
//! program_source:9:12: error: no matching function for call to 'popcount'
//! program_source:10:12: error: no matching function for call to 'rotate'
//! program_source:11:12: error: no matching function for call to 'select'
//! program_source:12:12: error: no matching function for call to 'normalize'
//! program_source:13:14: error: call to 'isnan' is ambiguous
//! program_source:14:12: error: as_type needs types of the same size
//! '''
// Arguments that no function takes.
#include <metal_stdlib>
using namespace metal;
kernel void k(device float4* f [[buffer(0)]], device int4* i [[buffer(1)]], device half3* h [[buffer(2)]]) {
    f[0] = exp(i[0]);
    f[1] = dot(f[0], i[0]);
    f[2] = max(f[0], i[0]);
    h[0] = cross(h[0], f[0]);
    i[1] = popcount(f[0]);
    i[2] = rotate(f[0], 1);
    f[3] = select(f[0], f[1], i[0]);
    f[4] = normalize(i[0]);
    f[5].x = isnan(i[0].x);
    f[6] = as_type<float4>(h[0]);
}
