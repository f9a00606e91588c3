//! grid = 10
//! group = 10
//! out.0 = "i32 0 21 84 84 294 554 864 1224 1634 2094"
// Nested loops with break and continue that lanes leave at different times.
#include <metal_stdlib>
using namespace metal;
kernel void loops(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    int total = 0;
    for (int j = 0; j <= int(i); ++j) {
        if (j == 3) continue;
        int k = 0;
        while (true) {
            if (k > j) break;
            total += j * 10 + k;
            if (k == 4) break;
            ++k;
        }
    }
    out[i] = total;
}
