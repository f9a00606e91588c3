//! kernel = "defined"
//! reflect = '''
//! kernel defined at line 7
//!   buffer 0: device int out, size 4, alignment 4
//!   constant 0: int given, optional
//!   constant 1: int other, optional
//! '''
//! [[run]]
//! out.0 = "i32 -1 5"
//! [[run]]
//! constant.0 = "int 42"
//! out.0 = "i32 42 5"
//! [[run]]
//! constant.given = "int 43"
//! constant.1 = "int 6"
//! out.0 = "i32 43 6"
#include <metal_stdlib>
using namespace metal;
constant int given [[function_constant(0)]];
constant int other [[function_constant(1)]];
constant bool has_given = is_function_constant_defined(given);
constant int other_or_5 = is_function_constant_defined(other) ? other : 5;
kernel void defined(device int* out [[buffer(0)]]) {
    out[0] = has_given ? given : -1;
    out[1] = other_or_5;
}
