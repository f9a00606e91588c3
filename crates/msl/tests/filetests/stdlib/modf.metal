//! math = "safe"
//! grid = 15
//! in.0 = "f32 1.5 -1.5 0 -0 3.75 -1e-10 1e+10 0.1 -7.25 123456.79 1e-40 -1e-45 3.4028235e+38 inf -inf"
//! out.1 = "f32 0.5 1 -0.5 -1 0 0 -0 -0 0.75 3 -1e-10 -0 0 1e+10 0.1 0 -0.25 -7 0.7890625 123456 1e-40 0 -1e-45 -0 0 3.4028235e+38 0 inf -0 -inf"
// Both parts have the sign of the argument.
#include <metal_stdlib>
using namespace metal;
kernel void run(device const float* in [[buffer(0)]], device float2* out [[buffer(1)]], uint i [[thread_position_in_grid]]) {
    float whole, part = modf(in[i], whole);
    out[i] = float2(part, whole);
}
