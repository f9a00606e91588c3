//! math = "safe"
//! in.0 = "f32 1 nan inf -inf 0 1e30 1e-30 3"
//! bytes.1 = "f32 1e8 -0.0"
//! out.2 = "bool false true false false false true true true false true"
//! out.3 = "f32 0 nan nan 0 -0 0 inf nan 1e30"
//! kernel = "ieee"
// Without fast math, NaN, infinity, signed zero and the order of operations are respected.
#include <metal_stdlib>
using namespace metal;
kernel void ieee(device const float* in [[buffer(0)]], constant float2& c [[buffer(1)]], device bool* b [[buffer(2)]], device float* f [[buffer(3)]]) {
    float nan = in[1], inf = in[2];
    b[0] = in[0] != in[0];
    b[1] = nan != nan;
    b[2] = nan == nan;
    b[3] = nan < 1;
    b[4] = nan > 1;
    b[5] = isnan(nan);
    b[6] = isinf(in[3]);
    b[7] = !(nan >= 1);
    b[8] = isfinite(inf);
    b[9] = signbit(c.y);
    f[0] = (c.x + in[0]) - c.x;
    f[1] = nan * 0;
    f[2] = inf - inf;
    f[3] = (c.x + in[7] + 2 + 3) - c.x;
    f[4] = c.y * 1;
    f[5] = c.y + 0;
    f[6] = in[0] / in[4];
    f[7] = in[4] / in[4];
    f[8] = in[5] + in[6];
}
