//! math = "safe"
//! grid = 7
//! in.0 = "f16 2 0.3 10 7.5 123.25 0.001 5"
//! in.1 = "f16 0.5 2.5 -3 2 0.75 1.5 3"
//! out.2 = "f16 ~1ulp 1.414 1.414 1.326 0 1.5 4 2 0.5 0.04932 0.04932 0.11945 0.3 0 0.12 2.5 0.3 0.001 0.001 1.862 1 13 -3.334 10 -3 56.25 56.25 1.311 1.5 5.5 3.75 7.5 2 37 37 1.564 0.25 122.5 164.4 123.25 0.75 3.165e-05 3.165e-05 0.000667 0.001 0 0.000667 1.5 0.001 125 125 1.03 2 2 1.667 5 3"
// half computes in float and rounds once.
#include <metal_stdlib>
using namespace metal;
kernel void run(device const half* a [[buffer(0)]], device const half* b [[buffer(1)]], device half* out [[buffer(2)]],
                uint i [[thread_position_in_grid]]) {
    half x = a[i], y = b[i];
    device half* o = out + 8 * i;
    o[0] = pow(x, y);
    o[1] = powr(x, y);
    o[2] = atan2(x, y);
    o[3] = fmod(x, y);
    o[4] = fdim(x, y);
    o[5] = divide(x, y);
    o[6] = max(x, y);
    o[7] = min(x, y);
}
