//! math = "safe"
//! grid = 21
//! in.0 = "f32 1.5 1.5 3 1 1 1 1.5 0.75 1 1e-40 1e-40 3.4028235e+38 3.4028235e+38 3.4028235e+38 -0 inf 1.2345 -1.9999999 1 1 1e-45"
//! in.1 = "i32 4 -4 127 -126 -149 -150 -150 -149 128 10 200 -277 -278 -274 5 -300 -140 -147 2147483647 -2147483648 149"
//! out.2 = "f32 24 0.09375 inf 1.1754944e-38 1e-45 0 1e-45 1e-45 inf 1.0239945e-37 1.6069294e+20 1e-45 0 1.1e-44 -0 inf 8.86e-43 -1.1e-44 inf 0 1"
// Rounds once, to subnormal numbers too; overflows to infinity, never in between.
#include <metal_stdlib>
using namespace metal;
kernel void run(device const float* x [[buffer(0)]], device const int* k [[buffer(1)]], device float* out [[buffer(2)]],
                uint i [[thread_position_in_grid]]) {
    out[i] = ldexp(x[i], k[i]);
}
