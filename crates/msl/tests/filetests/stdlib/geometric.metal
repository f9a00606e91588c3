//! in.0 = "f32 1 2 3 -2 0.5 4"
//! out.1 = "f32 +-1e-6 11 14 3.7416575 12.25 3.5 6.5 -10 4.5 0.26726124 0.5345225 0.80178374 1 -2 3 0.3 -0.9539392 0 0 0 0 1 2 3 -1 -2 -3"
// float3. Tolerance: a few roundings of numbers of the results' size.
#include <metal_stdlib>
using namespace metal;
kernel void run(device const packed_float3* in [[buffer(0)]], device float* out [[buffer(1)]]) {
    float3 a = in[0], b = in[1], up = float3(0, 1, 0);
    out[0] = dot(a, b);
    out[1] = length_squared(a);
    out[2] = length(a);
    out[3] = distance_squared(a, b);
    out[4] = distance(a, b);
    device packed_float3* v = (device packed_float3*)(out + 5);
    v[0] = cross(a, b);
    v[1] = normalize(a);
    v[2] = reflect(a, up);
    v[3] = refract(float3(0.6, -0.8, 0), up, 0.5);
    v[4] = refract(float3(0.6, -0.8, 0), up, 2.0);
    v[5] = faceforward(a, up, -up);
    v[6] = faceforward(a, up, up);
}
