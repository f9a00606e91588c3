//! math = "safe"
//! grid = 8
//! in.0 = "f32 1.001 1.1 1.5 2 3 10 1000 1e+10"
//! out.1 = "f32 ~4ulp 0.04471868 0.44356832 0.9624236 1.316958 1.7627472 2.993223 7.600902 23.718998"
// MSL allows 4 ulp.
#include <metal_stdlib>
using namespace metal;
kernel void run(device const float* in [[buffer(0)]], device float* out [[buffer(1)]], uint i [[thread_position_in_grid]]) {
    float x = in[i];
    device float* o = out + 1 * i;
    o[0] = acosh(x);
}
