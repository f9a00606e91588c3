//! math = "safe"
//! grid = 11
//! in.0 = "f32 0 -0 1 -1.5 inf -inf nan 1e-40 -1e-45 1.1754944e-38 3.4028235e+38"
//! out.1 = "bool true false false false false true false false false true true false false true false true false false true true false true false false false false true false false true false false true false false true false false false false true false false false true true false false true false true false false true false"
//! out.2 = "bool true false false false false true false false false true true false false true false true false false true true false true false false false false true false false true false false true false false true false false false false true false false false true true false false true false true false false true false"
// What a number is; scalars and vectors.
#include <metal_stdlib>
using namespace metal;
kernel void run(device const float* in [[buffer(0)]], device bool* out [[buffer(1)]], device bool* vectors [[buffer(2)]],
                uint i [[thread_position_in_grid]]) {
    float x = in[i];
    device bool* o = out + 5 * i;
    o[0] = isfinite(x);
    o[1] = isinf(x);
    o[2] = isnan(x);
    o[3] = isnormal(x);
    o[4] = signbit(x);
    float3 v = float3(1, x, 2);
    o = vectors + 5 * i;
    o[0] = isfinite(v).y;
    o[1] = isinf(v).y;
    o[2] = isnan(v).y;
    o[3] = isnormal(v).y;
    o[4] = signbit(v).y;
}
