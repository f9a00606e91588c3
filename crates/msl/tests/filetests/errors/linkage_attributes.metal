//! diagnostics = '''
//! program_source:3:16: error: 'constructor' is not supported in Metal
//! program_source:5:43: error: 'alias' is not supported in Metal
//! program_source:6:16: error: 'section' is not supported in Metal
//! '''
#include <metal_stdlib>
using namespace metal;
__attribute__((constructor)) void start() {}
extern "C" void target(int) {}
extern "C" void other(int) __attribute__((alias("target")));
__attribute__((section(".init_array"), used)) constant ulong evil[1] = {0x1234};
kernel void k(device int* a [[buffer(0)]]) { a[0] = 1; }
