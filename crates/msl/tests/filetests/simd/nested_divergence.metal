//! grid = 32
//! group = 32
//! out.0 = "i32 2000000 2010100 2000000 2010100 2000000 2010100 2000000 2010100 2000000 2010100 2000000 2005100 2000000 2005100 2000000 2005100 2000000 2005100 2000000 2005100 12*12"
// Branches in branches come together again at their own ends.
#include <metal_stdlib>
using namespace metal;
kernel void nested(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    int r = 0;
    if (i < 20) {
        if (i & 1) {
            r = simd_sum(int(i));
            if (i > 9) {
                r += 1000 * simd_sum(1);
            } else {
                r += 2000 * simd_sum(1);
            }
        }
        r += 100000 * simd_sum(1);
    } else {
        r = simd_sum(1);
    }
    out[i] = r;
}
