//! diagnostics = '''
//! program_source:7:15: error: static assertion failed due to requirement 'sizeof(Params) == 16': Params must have 16 bytes
//! program_source:7:30: note: expression evaluates to '32 == 16'
//! '''
#include <metal_stdlib>
using namespace metal;
struct Params {
    float3 a;
    float b;
};
static_assert(sizeof(Params) == 16, "Params must have 16 bytes");
kernel void k(constant Params& p [[buffer(0)]], device float* out [[buffer(1)]]) { out[0] = p.b; }
