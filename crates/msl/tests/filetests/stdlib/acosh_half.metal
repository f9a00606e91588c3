//! math = "safe"
//! grid = 6
//! in.0 = "f16 1.1 1.5 2 3 10 1000"
//! out.1 = "f16 ~1ulp 0.4426 0.9624 1.317 1.763 2.994 7.6"
// acosh takes numbers from 1 on.
#include <metal_stdlib>
using namespace metal;
kernel void run(device const half* in [[buffer(0)]], device half* out [[buffer(1)]], uint i [[thread_position_in_grid]]) {
    half x = in[i];
    device half* o = out + 1 * i;
    o[0] = acosh(x);
}
