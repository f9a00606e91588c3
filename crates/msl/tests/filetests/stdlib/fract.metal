//! math = "safe"
//! grid = 13
//! in.0 = "f32 1.5 -1.5 0 -0 3.75 -1e-10 1e+10 0.1 -7.25 123456.79 1e-40 -1e-45 3.4028235e+38"
//! out.1 = "f32 0.5 0.5 0 0 0.75 0.99999994 0 0.1 0.75 0.7890625 1e-40 0.99999994 0"
// Always below 1: -1e-10 - floor(-1e-10) rounds to 1.
#include <metal_stdlib>
using namespace metal;
kernel void run(device const float* in [[buffer(0)]], device float* out [[buffer(1)]], uint i [[thread_position_in_grid]]) {
    out[i] = fract(in[i]);
}
