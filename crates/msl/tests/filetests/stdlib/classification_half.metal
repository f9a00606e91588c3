//! math = "safe"
//! grid = 9
//! in.0 = "f16 0 -0 1 -1.5 inf -inf nan 6e-08 -6e-08"
//! out.1 = "bool true false false false false true false false false true true false false true false true false false true true false true false false false false true false false true false false true false false true false false false false true false false false true"
// What a half is: its subnormal numbers are its own, not float's.
#include <metal_stdlib>
using namespace metal;
kernel void run(device const half* in [[buffer(0)]], device bool* out [[buffer(1)]], uint i [[thread_position_in_grid]]) {
    half x = in[i];
    device bool* o = out + 5 * i;
    o[0] = isfinite(x);
    o[1] = isinf(x);
    o[2] = isnan(x);
    o[3] = isnormal(x);
    o[4] = signbit(x);
}
