//! math = "safe"
//! grid = 15
//! in.0 = "bf16 -2.5 -1.5 -0.5 -0.25 -0 0 0.25 0.5 1.5 2.5 2.75 -127.5 256 inf -inf"
//! out.1 = "bf16 -2 -3 -2 -2 -3 2.5 2.5 -1 -2 -1 -2 -2 1.5 1.5 -0 -1 -0 -0 -1 0.5 0.5 -0 -1 -0 -0 -0 0.25 0.25 -0 -0 -0 -0 -0 0 0 0 0 0 0 0 0 0 1 0 0 0 0 0.25 0.25 1 0 0 0 1 0.5 0.5 2 1 1 2 2 1.5 1.5 3 2 2 2 3 2.5 2.5 3 2 2 3 3 2.75 2.75 -127 -128 -127 -128 -128 127.5 127.5 256 256 256 256 256 256 256 inf inf inf inf inf inf inf -inf -inf -inf -inf -inf inf inf"
// Rounding of bfloat, as of float.
#include <metal_stdlib>
using namespace metal;
kernel void run(device const bfloat* in [[buffer(0)]], device bfloat* out [[buffer(1)]], uint i [[thread_position_in_grid]]) {
    bfloat x = in[i];
    device bfloat* o = out + 7 * i;
    o[0] = ceil(x);
    o[1] = floor(x);
    o[2] = trunc(x);
    o[3] = rint(x);
    o[4] = round(x);
    o[5] = fabs(x);
    o[6] = abs(x);
}
