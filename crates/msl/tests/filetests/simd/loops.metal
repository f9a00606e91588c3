//! grid = 40
//! group = 40
//! out.0 = "i32 496 887 1166 1358 1457 496 887 1166 1358 1457 496 887 1166 1358 1457 496 887 1166 1358 1457 496 887 1166 1358 1457 496 887 1166 1358 1457 496 887 746 890 963 284 533 746 890 963"
//! out.1 = "i32 496*32 284*8"
// Lanes leave a loop at different times: a reduction in it is over those that are still there.
#include <metal_stdlib>
using namespace metal;
kernel void loops(device int* out [[buffer(0)]], device int* after [[buffer(1)]], uint i [[thread_position_in_grid]]) {
    int total = 0;
    for (uint k = 0; k < i % 5 + 1; ++k) total += simd_sum(int(i));
    out[i] = total;
    after[i] = simd_sum(int(i));
}
