//! math = "safe"
//! grid = 7
//! in.0 = "bf16 2 0.30078125 10 7.5 123 0.0009994507 5"
//! in.1 = "bf16 0.5 2.5 -3 2 0.75 1.5 3"
//! out.2 = "bf16 ~1ulp 1.4140625 1.4140625 1.328125 0 1.5 4 2 0.5 0.049560547 0.049560547 0.119628906 0.30078125 0 0.12011719 2.5 0.30078125 0.0009994507 0.0009994507 1.859375 1 13 -3.328125 10 -3 56.25 56.25 1.3125 1.5 5.5 3.75 7.5 2 37 37 1.5625 0 122 164 123 0.75 3.170967e-05 3.170967e-05 0.000667572 0.0009994507 0 0.000667572 1.5 0.0009994507 125 125 1.03125 2 2 1.6640625 5 3"
// bfloat computes in float and rounds once.
#include <metal_stdlib>
using namespace metal;
kernel void run(device const bfloat* a [[buffer(0)]], device const bfloat* b [[buffer(1)]], device bfloat* out [[buffer(2)]],
                uint i [[thread_position_in_grid]]) {
    bfloat x = a[i], y = b[i];
    device bfloat* o = out + 8 * i;
    o[0] = pow(x, y);
    o[1] = powr(x, y);
    o[2] = atan2(x, y);
    o[3] = fmod(x, y);
    o[4] = fdim(x, y);
    o[5] = divide(x, y);
    o[6] = max(x, y);
    o[7] = min(x, y);
}
