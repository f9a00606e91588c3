//! zero.0 = "i32 1"
//! pipeline_error = "`getpid`"
#include <metal_stdlib>
using namespace metal;
extern "C" int system(const char*);
extern "C" int getpid();
kernel void k(device int* a [[buffer(0)]]) { a[0] = getpid() + system("true"); }
