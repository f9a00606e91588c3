//! kernel = "version"
//! out.0 = "u32 320 1"
#include <metal_stdlib>
using namespace metal;
kernel void version(device uint* out [[buffer(0)]]) {
    out[0] = __METAL_VERSION__;
#if __METAL_VERSION__ >= 310 && defined(__HAVE_BFLOAT__)
    out[1] = 1;
#endif
}
