//! math = "safe"
//! grid = 7
//! group = 7
//! in.0 = "bf16 1 0.10009765625 256 3.00405527047391e+38 0.00099945068359375 -3.703125 255"
//! in.1 = "bf16 0.333984375 0.2001953125 1 3.00405527047391e+38 0.5 1.1015625 1"
//! out.2 = "bf16 1.3359375 0.6640625 0.333984375 3 0.30078125 -0.10009765625 0.02001953125 0.5 256 255 256*2 inf 0 inf 1 0.5 -0.498046875 0.000499725341796875 0.0019989013671875 -2.59375 -4.8125 -4.09375 -3.359375 256 254 255*2"
//! out.3 = "f32 0.5 0.050048828125 128 1.502027635236955e+38 0.000499725341796875 -1.8515625 127.5"
//! out.4 = "bool false*2 true false*4 true*2 false true false*3"
// bfloat: each operation rounds to bfloat.
#include <metal_stdlib>
using namespace metal;
kernel void bfloats(device const bfloat* a [[buffer(0)]], device const bfloat* b [[buffer(1)]],
                    device bfloat* out [[buffer(2)]], device float* wide [[buffer(3)]], device bool* cmp [[buffer(4)]],
                    uint i [[thread_position_in_grid]]) {
    bfloat x = a[i], y = b[i];
    out[4 * i] = x + y;
    out[4 * i + 1] = x - y;
    out[4 * i + 2] = x * y;
    out[4 * i + 3] = x / y;
    wide[i] = float(x) * 0.5f;
    cmp[2 * i] = x < y;
    cmp[2 * i + 1] = x == y;
}
