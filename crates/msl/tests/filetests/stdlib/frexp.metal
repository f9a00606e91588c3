//! math = "safe"
//! grid = 15
//! in.0 = "f32 1.5 -1.5 0 -0 3.75 -1e-10 1e+10 0.1 -7.25 123456.79 1e-40 -1e-45 3.4028235e+38 inf -inf"
//! out.1 = "f32 0.75 -0.75 0 -0 0.9375 -0.8589935 0.5820766 0.8 -0.90625 0.94190055 0.54444885 -0.5 0.99999994 inf -inf"
//! out.2 = "i32 1 0 1 0 0 -2147483648 0 -2147483648 2 1 -33 -34 34 33 -3 -4 3 2 17 16 -132 -133 -148 -149 128 127 0 2147483647 0 2147483647"
// The fraction is in [0.5, 1), ilogb is the exponent less one; subnormal numbers, zeros and infinities too.
#include <metal_stdlib>
using namespace metal;
kernel void run(device const float* in [[buffer(0)]], device float* fraction [[buffer(1)]], device int2* exponents [[buffer(2)]],
                uint i [[thread_position_in_grid]]) {
    int e;
    fraction[i] = frexp(in[i], e);
    exponents[i] = int2(e, ilogb(in[i]));
}
