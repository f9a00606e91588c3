//! math = "safe"
//! grid = 16
//! in.0 = "f32 -2.5 -1.5 -0.5 -0.25 -0 0 0.25 0.5 1.5 2.5 2.75 8388607.5 -16777216 1e+30 inf -inf"
//! out.1 = "f32 -2 -3 -2 -2 -3 2.5 2.5 -1 -2 -1 -2 -2 1.5 1.5 -0 -1 -0 -0 -1 0.5 0.5 -0 -1 -0 -0 -0 0.25 0.25 -0 -0 -0 -0 -0 0 0 0 0 0 0 0 0 0 1 0 0 0 0 0.25 0.25 1 0 0 0 1 0.5 0.5 2 1 1 2 2 1.5 1.5 3 2 2 2 3 2.5 2.5 3 2 2 3 3 2.75 2.75 8388608 8388607 8388607 8388608 8388608 8388607.5 8388607.5 -16777216 -16777216 -16777216 -16777216 -16777216 16777216 16777216 1e+30 1e+30 1e+30 1e+30 1e+30 1e+30 1e+30 inf inf inf inf inf inf inf -inf -inf -inf -inf -inf inf inf"
// Rounding is exact; zeros keep their sign, ties go to even in rint and away from zero in round.
#include <metal_stdlib>
using namespace metal;
kernel void run(device const float* in [[buffer(0)]], device float* out [[buffer(1)]], uint i [[thread_position_in_grid]]) {
    float x = in[i];
    device float* o = out + 7 * i;
    o[0] = ceil(x);
    o[1] = floor(x);
    o[2] = trunc(x);
    o[3] = rint(x);
    o[4] = round(x);
    o[5] = fabs(x);
    o[6] = abs(x);
}
