//! diagnostics = '''
//! '''
#include <metal_stdlib>
using namespace metal;
[[host_name("same")]] kernel void a(device int* out [[buffer(0)]]) { out[0] = 1; }
[[host_name("same")]] kernel void b(device int* out [[buffer(0)]]) { out[0] = 2; }
