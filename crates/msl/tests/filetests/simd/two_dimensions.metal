//! grid = [10, 7]
//! group = [8, 8]
//! out.0 = "u32 592*8 539*2 592*8 539*2 592*8 539*2 592*8 539*2 1284*8 539*2 1284*8 539*2 1284*8 539*2"
// SIMD-groups of 2-D threadgroups run over their rows; partial threadgroups have narrower rows.
#include <metal_stdlib>
using namespace metal;
kernel void rows(device uint* out [[buffer(0)]], uint2 p [[thread_position_in_grid]], uint2 n [[threads_per_grid]]) {
    uint at = p.y * n.x + p.x;
    out[at] = simd_sum(at);
}
