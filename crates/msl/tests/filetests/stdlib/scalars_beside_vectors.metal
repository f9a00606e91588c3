//! in.0 = "f32 0.5 1.5 -2 4"
//! out.1 = "f32 0.5 1 0 1  0.5 1.5 0 4  0.5 1 -2 1  0.75 1.75 -0.75 2.25  0 1 0 1  0.25 2.25 4 16  0.5 1.5 -2 4"
//! out.2 = "i32 1 2 3 5  2 2 3 5  1 2 3 4"
// A scalar beside a vector stands for a vector of it, integers too.
#include <metal_stdlib>
using namespace metal;
kernel void run(device const float4* in [[buffer(0)]], device float4* out [[buffer(1)]], device int4* ints [[buffer(2)]]) {
    float4 v = in[0];
    out[0] = clamp(v, 0, 1);
    out[1] = max(0, v);
    out[2] = min(v, 1.0);
    out[3] = mix(v, float4(1, 2, 0.5, 0.5), 0.5);
    out[4] = step(1, v);
    out[5] = pow(abs(v), 2);
    out[6] = fma(v, 1, 0);
    int4 n = int4(1, 2, 3, 5);
    ints[0] = max(n, 1);
    ints[1] = max(2, n);
    ints[2] = clamp(n, 1, 4);
}
