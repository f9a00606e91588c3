//! kernel = "vectors"
//! constant.0 = "float3 1 2 3"
//! constant.mask = "bool4 true false false true"
//! constant.2 = "int2 -1 7"
//! constant.3 = "half4 0.5 1.5 2.5 3.5"
//! out.0 = "f32 1 2 3 1 0 0 1 -1 7 0.5 1.5 2.5 3.5"
// Function constants that are vectors; one given by name.
#include <metal_stdlib>
using namespace metal;
constant float3 c0 [[function_constant(0)]];
constant bool4 mask [[function_constant(1)]];
constant int2 c2 [[function_constant(2)]];
constant half4 c3 [[function_constant(3)]];
kernel void vectors(device float* out [[buffer(0)]]) {
    for (int i = 0; i < 3; ++i) out[i] = c0[i];
    for (int i = 0; i < 4; ++i) out[3 + i] = mask[i] ? 1 : 0;
    out[7] = c2.x;
    out[8] = c2.y;
    for (int i = 0; i < 4; ++i) out[9 + i] = c3[i];
}
