//! math = "safe"
//! in.0 = "f32 1.0000001 1.0000001 -1.0000002"
//! out.1 = "f32 1.4210855e-14 1.4210855e-14"
// The product is not rounded before the addition.
#include <metal_stdlib>
using namespace metal;
kernel void run(device const float* in [[buffer(0)]], device float* out [[buffer(1)]]) {
    out[0] = fma(in[0], in[1], in[2]);
    out[1] = fma(float2(in[0]), float2(in[1]), float2(in[2])).y;
}
