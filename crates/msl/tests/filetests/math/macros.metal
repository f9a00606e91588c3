//! kernel = "macros"
//! [[run]]
//! out.0 = "i32 1 1"
// __FAST_MATH__ tells which mode it is; fast and precise functions can be named in either.
#include <metal_stdlib>
using namespace metal;
kernel void macros(device int* out [[buffer(0)]]) {
#ifdef __FAST_MATH__
    out[0] = 1;
#else
    out[0] = 0;
#endif
    out[1] = abs(precise::sin(1.0f) - fast::sin(1.0f)) < 1e-3f;
}
