//! in.0 = "f32 1e-40 -3e-39 1.1754942e-38 9.1835e-41"
//! out.1 = "u16 1 32801 128 1"
//! grid = 4
//! math = "safe"
// Subnormal bfloats are numbers as others, on every machine.
#include <metal_stdlib>
using namespace metal;
kernel void narrow(device const float *in [[buffer(0)]], device bfloat *out [[buffer(1)]], uint i [[thread_position_in_grid]]) {
    out[i] = bfloat(in[i]);
}
