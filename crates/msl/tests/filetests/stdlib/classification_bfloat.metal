//! math = "safe"
//! grid = 9
//! in.0 = "bf16 0 -0 1 -1.5 inf -inf nan 9.1835e-41 -9.1835e-41"
//! out.1 = "bool true false false false false true false false false true true false false true false true false false true true false true false false false false true false false true false false true false false true false false false false true false false false true"
// What a bfloat is: its subnormal numbers are its own, not float's.
#include <metal_stdlib>
using namespace metal;
kernel void run(device const bfloat* in [[buffer(0)]], device bool* out [[buffer(1)]], uint i [[thread_position_in_grid]]) {
    bfloat x = in[i];
    device bool* o = out + 5 * i;
    o[0] = isfinite(x);
    o[1] = isinf(x);
    o[2] = isnan(x);
    o[3] = isnormal(x);
    o[4] = signbit(x);
}
