//! kernel = "constants"
//! constant.0 = "bool true"
//! constant.1 = "char -5"
//! constant.2 = "uchar 200"
//! constant.3 = "short -300"
//! constant.4 = "ushort 60000"
//! constant.5 = "int -70000"
//! constant.6 = "uint 4000000000"
//! constant.7 = "half 1.5"
//! constant.8 = "float -2.25"
//! constant.9 = "long -5000000000"
//! constant.10 = "ulong 10000000000"
//! constant.11 = "bfloat 3.5"
//! out.0 = "f32 1 -5 200 -300 60000 -70000 4e9 1.5 -2.25; f32 -5e9 1e10 3.5"
// A function constant of every scalar type.
#include <metal_stdlib>
using namespace metal;
constant bool c0 [[function_constant(0)]];
constant char c1 [[function_constant(1)]];
constant uchar c2 [[function_constant(2)]];
constant short c3 [[function_constant(3)]];
constant ushort c4 [[function_constant(4)]];
constant int c5 [[function_constant(5)]];
constant uint c6 [[function_constant(6)]];
constant half c7 [[function_constant(7)]];
constant float c8 [[function_constant(8)]];
constant long c9 [[function_constant(9)]];
constant ulong c10 [[function_constant(10)]];
constant bfloat c11 [[function_constant(11)]];
kernel void constants(device float* out [[buffer(0)]]) {
    float all[] = {float(c0), float(c1), float(c2), float(c3), float(c4), float(c5), float(c6), float(c7), c8,
                   float(c9), float(c10), float(c11)};
    for (int i = 0; i < 12; ++i) out[i] = all[i];
}
