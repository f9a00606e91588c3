//! math = "safe"
//! in.0 = "f32 nan -0.0 inf"
//! out.1 = "f32 0 -0 1 0 1 0 -0 1"
// sign of NaN is 0, and of a zero that zero; saturate of NaN is 0.
#include <metal_stdlib>
using namespace metal;
kernel void run(device const float* in [[buffer(0)]], device float* out [[buffer(1)]]) {
    out[0] = sign(in[0]);
    out[1] = sign(in[1]);
    out[2] = sign(in[2]);
    out[3] = saturate(in[0]);
    out[4] = saturate(in[2]);
    float3 v = sign(float3(in[0], in[1], in[2]));
    out[5] = v.x;
    out[6] = v.y;
    out[7] = v.z;
}
