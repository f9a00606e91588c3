//! grid = 2
//! group = 2
//! out.0 = "f32 36 37"
// Names that the headers might use themselves.
#include <metal_stdlib>
using namespace metal;
float erf(float x) { return x; }
float expm1(float x) { return x + 1; }
template <typename T>
T forward(T x) { return x + 2; }
template <typename...>
using void_t = void;
struct global { float local, generic, priv; };
float mix3(float a) { return a + 3; }
namespace detail {
float max(float a, float b) { return a + b; }
}
#define N 4
#define T_SIZE 5
constant float pi = 6;
float vec_sum(float2 v) { return v.x + v.y; }
kernel void names(device float* out [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    uint kernel_size = 5, buffer = 0, device_id = 0, thread_count = 0, size = 0, x = 0, value = 0, data = 0, index = 0;
    global g{7, 1, 0};
    float result = erf(float(i)) + expm1(0.0f) + forward(0.0f) + mix3(0) + N + kernel_size + pi + g.local + detail::max(g.generic, 7);
    out[i] = result + buffer + device_id + thread_count + size + x + value + data + index + vec_sum(float2(0));
}
