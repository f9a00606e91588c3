//! kernel = "twice"
//! grid = 4
//! group = 4
//! in.0 = "f32 1 2 3 4"
//! out.1 = "f32 2 4 6 8"
#include <metal_stdlib>
using namespace metal;
kernel void twice(device const float* a [[buffer(0)]], device float* b [[buffer(1)]],
                  uint i [[thread_position_in_grid]]) {
    b[i] = 2 * a[i];
}
