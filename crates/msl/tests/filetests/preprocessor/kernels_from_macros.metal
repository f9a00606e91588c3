//! grid = 4
//! group = 4
//! in.0 = "i32 4 -3 2 -1"
//! [[run]]
//! kernel = "unary_negate_int"
//! out.1 = "i32 -4 3 -2 1"
//! [[run]]
//! kernel = "unary_square_int"
//! out.1 = "i32 16 9 4 1"
//! [[run]]
//! kernel = "unary_square_short"
//! in.0 = "i16 4 -3 2 -1"
//! out.1 = "i16 16 9 4 1"
// Kernels made by macros: token pasting, variadic macros, attributes in their bodies.
#include <metal_stdlib>
using namespace metal;
#define TID uint i [[thread_position_in_grid]]
#define BUFFERS(T, ...) device const T* in [[buffer(0)]], device T* out [[buffer(1)]], __VA_ARGS__
#define UNARY(name, T, expression)                         \
    kernel void unary_##name##_##T(BUFFERS(T, TID)) {      \
        T x = in[i];                                       \
        out[i] = (expression);                             \
    }
#define UNARY_ALL(name, expression) UNARY(name, int, expression) UNARY(name, short, expression)
UNARY(negate, int, -x)
UNARY_ALL(square, x * x)
