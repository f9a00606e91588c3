//! zero.0 = "i32 1"
//! pipeline_error = "recursi"
#include <metal_stdlib>
using namespace metal;
int fibonacci(int n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }
kernel void k(device int* a [[buffer(0)]]) { a[0] = fibonacci(a[0]); }
