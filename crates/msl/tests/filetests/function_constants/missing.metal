//! kernel = "needs"
//! [[run]]
//! zero.0 = "i32 1"
//! pipeline_error = "kernel `needs` needs a value for function constant `amount` (index 4, type int)"
//! [[run]]
//! zero.0 = "i32 1"
//! constant.4 = "float 1"
//! pipeline_error = "function constant `amount` (index 4) has type int, but the value given has type float"
//! [[run]]
//! zero.0 = "i32 1"
//! constant.4 = "int2 1 2"
//! pipeline_error = "has type int, but the value given has type int2"
//! [[run]]
//! constant.4 = "int 5"
//! constant.9 = "int 6"
//! constant.nonsense = "float 7"
//! out.0 = "i32 5"
// Values that are missing or of a wrong type; values that nothing uses are ignored.
#include <metal_stdlib>
using namespace metal;
constant int amount [[function_constant(4)]];
kernel void needs(device int* out [[buffer(0)]]) { out[0] = amount; }
