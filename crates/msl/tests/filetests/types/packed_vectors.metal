//! in.0 = "f32 1 2 3; f32 4 5 6"
//! out.0 = "f32 5 2 9; f32 4 5 6"
//! out.1 = "f32 4 10 18 2 4 6 5 7 9"
//! kernel = "packed"
// Packed vectors take part in arithmetic, are written by component and swizzled.
#include <metal_stdlib>
using namespace metal;
kernel void packed(device packed_float3* v [[buffer(0)]], device float* out [[buffer(1)]]) {
    packed_float3 a = v[0];
    float3 b = v[1];
    float3 product = a * b;
    packed_float3 doubled = a + a;
    packed_float3 sum;
    sum = float3(a) + b;
    for (int k = 0; k < 3; ++k) {
        out[k] = product[k];
        out[3 + k] = doubled[k];
        out[6 + k] = sum[k];
    }
    v[0].x = v[1].y;
    v[0][2] = 9;
}
