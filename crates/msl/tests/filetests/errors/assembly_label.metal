//! diagnostics = '''
//! program_source:4:28: error: '__asm__' is not supported in Metal
//! '''
// A name of the back end or of the host must not be reachable through a label either.
#include <metal_stdlib>
using namespace metal;
extern "C" int helper(int) __asm__("abort");
kernel void k(device int* a [[buffer(0)]]) { a[0] = helper(1); }
