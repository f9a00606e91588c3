//! math = "safe"
//! grid = 6
//! in.0 = "f32 -2 -2 -1.5 -3 -10 2"
//! in.1 = "f32 3 4 -3 0 5 -126"
//! out.2 = "f32 ~16ulp -8 16 -0.2962963 1 -100000 1.1754944e-38"
// An integral exponent takes negative bases. MSL allows 16 ulp.
#include <metal_stdlib>
using namespace metal;
kernel void run(device const float* a [[buffer(0)]], device const float* b [[buffer(1)]], device float* out [[buffer(2)]],
                uint i [[thread_position_in_grid]]) {
    float x = a[i], y = b[i];
    device float* o = out + 1 * i;
    o[0] = pow(x, y);
}
