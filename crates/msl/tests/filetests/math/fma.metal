//! math = "safe"
//! grid = 2
//! group = 2
//! in.0 = "f32 1.000244140625 3 -1 1"
//! out.1 = "f32 0.0004883408546447754 10"
// fma rounds once.
#include <metal_stdlib>
using namespace metal;
kernel void fused(device const float* in [[buffer(0)]], device float* out [[buffer(1)]], uint i [[thread_position_in_grid]]) {
    out[i] = fma(in[i], in[i], in[2 + i]);
}
