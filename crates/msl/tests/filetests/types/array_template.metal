//! grid = 3
//! group = 3
//! out.0 = "f32 4 0 0.5 0 4 3 1.5 6 4 6 2.5 12"
// metal::array, by value and in a struct.
#include <metal_stdlib>
using namespace metal;
struct Holder {
    array<float, 4> values;
};
array<float, 4> fill(float x) {
    array<float, 4> a;
    for (size_t k = 0; k < a.size(); ++k) a[k] = x * k;
    return a;
}
kernel void arrays(device float4* out [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    array<float, 4> a = fill(i);
    Holder h{a};
    array<float, 2> b = {{float(i), 0.5f}};
    float total = 0;
    for (float x : h.values) total += x;
    out[i] = float4(a.size(), h.values[3], b[0] + b[1], total);
}
