//! grid = 2
//! group = 2
//! [[run]]
//! kernel = "k_float"
//! constant.0 = "int 2"
//! out.0 = "f32 2 4"
//! [[run]]
//! kernel = "k_int"
//! constant.0 = "int 5"
//! out.0 = "i32 5 10"
//! [[run]]
//! kernel = "k_int"
//! pipeline_error = "factor"
//! zero.0 = "i32 2"
// A function constant used in functions that the kernel calls, and in templates.
#include <metal_stdlib>
using namespace metal;
constant int factor [[function_constant(0)]];
int scaled(int x) { return factor * x; }
template <typename T>
[[kernel]] void k(device T* out [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    out[i] = T(scaled(int(i) + 1));
}
template [[host_name("k_float")]] [[kernel]] void k<float>(device float*, uint);
template [[host_name("k_int")]] [[kernel]] void k<int>(device int*, uint);
