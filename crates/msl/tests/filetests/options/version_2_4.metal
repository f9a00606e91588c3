//! version = "2.4"
//! kernel = "version"
//! out.0 = "u32 240 1"
#include <metal_stdlib>
using namespace metal;
kernel void version(device uint* out [[buffer(0)]]) {
    out[0] = __METAL_VERSION__;
#ifdef __METAL__
    out[1] = 1;
#endif
}
