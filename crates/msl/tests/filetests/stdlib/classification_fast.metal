//! grid = 4
//! in.0 = "f32 1 inf -inf nan"
//! out.1 = "bool false false true true false false true false false false true false"
// Fast mathematics assumes no NaN in arithmetic, but values from memory are still told apart.
#include <metal_stdlib>
using namespace metal;
kernel void run(device const float* in [[buffer(0)]], device bool* out [[buffer(1)]], uint i [[thread_position_in_grid]]) {
    out[3 * i] = isinf(in[i]);
    out[3 * i + 1] = isnan(in[i]);
    out[3 * i + 2] = isfinite(in[i]);
}
