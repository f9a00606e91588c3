//! math = "safe"
//! in.0 = "f32 62.667267 94.30258 65.24848 57.82018"
//! out.1 = "f32 6.266727 9.430259 6.5248485 5.782018"
//! out.2 = "f32 6.266727 9.430259 6.5248485 5.782018"
// A literal without suffix is single precision, in templates too: these products differ in double precision. And
// `fmin(1, x)` finds its overload for float only.
#include <metal_stdlib>
using namespace metal;
template <typename T>
T tenth(T x) {
    return x * 0.1;
}
template <typename T>
T bounded(T x) {
    return fmin(1000, x * 0.1);
}
kernel void run(device const float* in [[buffer(0)]], device float* out [[buffer(1)]], device float* more [[buffer(2)]]) {
    for (int i = 0; i < 4; i++) {
        out[i] = tenth(in[i]);
        more[i] = bounded(in[i]);
    }
}
