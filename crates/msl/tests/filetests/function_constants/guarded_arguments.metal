//! grid = 3
//! group = 3
//! kernel = "guarded"
//! in.0 = "f32 1 2 3"
//! [[run]]
//! constant.0 = "bool true"
//! in.1 = "f32 10 20 30"
//! out.2 = "f32 11 22 33"
//! [[run]]
//! constant.0 = "bool false"
//! out.2 = "f32 1 2 3"
// An argument that exists only if a constant is true.
#include <metal_stdlib>
using namespace metal;
constant bool use_bias [[function_constant(0)]];
kernel void guarded(device const float* in [[buffer(0)]], device const float* bias [[buffer(1), function_constant(use_bias)]],
                    device float* out [[buffer(2)]], uint i [[thread_position_in_grid]]) {
    float r = in[i];
    if (use_bias) r += bias[i];
    out[i] = r;
}
