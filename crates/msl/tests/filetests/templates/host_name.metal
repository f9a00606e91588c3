//! grid = 4
//! group = 4
//! [[run]]
//! kernel = "scale_float"
//! in.0 = "f32 1 2 3 4"
//! out.1 = "f32 3 6 9 12"
//! [[run]]
//! kernel = "scale_int"
//! in.0 = "i32 1 2 3 4"
//! out.1 = "i32 3 6 9 12"
//! [[run]]
//! kernel = "scale_half"
//! in.0 = "f16 1 2 3 4"
//! out.1 = "f16 3 6 9 12"
//! [[run]]
//! kernel = "scale_float2"
//! in.0 = "f32 1..9"
//! out.1 = "f32 3 6 9 12 15 18 21 24"
//! [[run]]
//! kernel = "renamed"
//! out.0 = "u32 4 3 2 1"
//! [[run]]
//! kernel = "scale"
//! pipeline_error = "no kernel `scale`"
// Explicit instantiations with a host name, in all the forms in use, and a plain kernel with one.
#include <metal_stdlib>
using namespace metal;

template <typename T>
kernel void scale(device const T* in [[buffer(0)]], device T* out [[buffer(1)]], uint i [[thread_position_in_grid]]) {
    out[i] = in[i] * T(3);
}

template [[host_name("scale_float")]] kernel void scale<float>(device const float*, device float*, uint);
template [[host_name("scale_int")]] [[kernel]] void scale<int>(device const int* in [[buffer(0)]],
                                                               device int* out [[buffer(1)]],
                                                               uint i [[thread_position_in_grid]]);
template [[host_name("scale_half")]] kernel decltype(scale<half>) scale<half>;
typedef decltype(scale<float2>) scale_t;
template [[host_name("scale_float2")]] kernel scale_t scale<float2>;

[[host_name("renamed")]] kernel void inner_name(device uint* out [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    out[i] = 4 - i;
}
