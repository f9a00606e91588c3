//! zero.0 = "i32 1"
//! out.0 = "i32 1"
// Not even whether a file exists can be asked.
#include <metal_stdlib>
using namespace metal;
#if __has_include("/etc/passwd") || __has_include(</etc/passwd>) || __has_include(<stdio.h>)
#error found
#endif
kernel void k(device int* a [[buffer(0)]]) { a[0] = 1; }
