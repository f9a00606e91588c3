//! zero.0 = "i32 1"
//! pipeline_error = "elsewhere"
// Functions must be in the library: nothing of the host can be reached.
#include <metal_stdlib>
using namespace metal;
int elsewhere(int n);
kernel void k(device int* a [[buffer(0)]]) { a[0] = elsewhere(a[0]); }
