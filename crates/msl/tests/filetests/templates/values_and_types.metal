//! grid = 4
//! group = 4
//! in.0 = "f32 1 -2 3 -4"
//! [[run]]
//! kernel = "apply_abs_2"
//! out.1 = "f32 2 4 6 8"
//! [[run]]
//! kernel = "apply_square_3"
//! out.1 = "f32 3 12 27 48"
//! [[run]]
//! kernel = "apply_minus_m1"
//! out.1 = "f32 1 -2 3 -4"
// Function objects and numbers as template arguments.
#include <metal_stdlib>
using namespace metal;
struct Abs {
    float operator()(float x) const { return x < 0 ? -x : x; }
};
struct Square {
    template <typename T>
    T operator()(T x) const { return x * x; }
};
struct Minus {
    static float call(float x) { return -x; }
    float operator()(float x) const { return call(x); }
};
template <typename Op, int Factor>
[[kernel]] void apply(device const float* in [[buffer(0)]], device float* out [[buffer(1)]],
                      uint i [[thread_position_in_grid]]) {
    out[i] = Op()(in[i]) * Factor;
}
#define instantiate(name, op, factor) \
    template [[host_name("apply_" #name)]] [[kernel]] void apply<op, factor>(device const float*, device float*, uint);
instantiate(abs_2, Abs, 2)
instantiate(square_3, Square, 3)
instantiate(minus_m1, Minus, -1)
