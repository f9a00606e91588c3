//! diagnostics = '''
//! program_source:4:1: error: kernel 'b': the kernel at line 3 is also named 'same'
//! '''
#include <metal_stdlib>
using namespace metal;
[[host_name("same")]] kernel void a(device int* out [[buffer(0)]]) { out[0] = 1; }
[[host_name("same")]] kernel void b(device int* out [[buffer(0)]]) { out[0] = 2; }
