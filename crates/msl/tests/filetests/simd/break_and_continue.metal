//! grid = 32
//! group = 32
//! out.0 = "i32 1215 1001588 1001065 1000735 1001206 1001383 1000768 1000735 1000360 1597 1544 1305 1215 1000768 1544 1305 1001000 1001115 1001535 1001293 1000360 1597 1544 1001028 1000707 1001588 1001330 1305 1215 1597 1001065 1000735"
// continue and break before and after reductions.
#include <metal_stdlib>
using namespace metal;
kernel void jumps(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    int r = 0;
    for (uint k = 0; k < 6; ++k) {
        if ((i + k) % 4 == 0) continue;
        int m = simd_sum(int(i));
        r += m;
        if (int(i) == m % 32 || (i * k) % 7 == 6) {
            r += 1000000;
            break;
        }
        r += simd_sum(1);
    }
    out[i] = r;
}
