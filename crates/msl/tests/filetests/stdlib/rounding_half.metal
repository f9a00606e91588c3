//! math = "safe"
//! grid = 15
//! in.0 = "f16 -2.5 -1.5 -0.5 -0.25 -0 0 0.25 0.5 1.5 2.5 2.75 -1023.5 2048 inf -inf"
//! out.1 = "f16 -2 -3 -2 -2 -3 2.5 2.5 -1 -2 -1 -2 -2 1.5 1.5 -0 -1 -0 -0 -1 0.5 0.5 -0 -1 -0 -0 -0 0.25 0.25 -0 -0 -0 -0 -0 0 0 0 0 0 0 0 0 0 1 0 0 0 0 0.25 0.25 1 0 0 0 1 0.5 0.5 2 1 1 2 2 1.5 1.5 3 2 2 2 3 2.5 2.5 3 2 2 3 3 2.75 2.75 -1023 -1024 -1023 -1024 -1024 1023.5 1023.5 2048 2048 2048 2048 2048 2048 2048 inf inf inf inf inf inf inf -inf -inf -inf -inf -inf inf inf"
// Rounding of half, as of float.
#include <metal_stdlib>
using namespace metal;
kernel void run(device const half* in [[buffer(0)]], device half* out [[buffer(1)]], uint i [[thread_position_in_grid]]) {
    half x = in[i];
    device half* o = out + 7 * i;
    o[0] = ceil(x);
    o[1] = floor(x);
    o[2] = trunc(x);
    o[3] = rint(x);
    o[4] = round(x);
    o[5] = fabs(x);
    o[6] = abs(x);
}
