//! grid = 64
//! in.0 = "u32 5"
//! zero.1 = "u32 64"
//! out.1 = "u32 0 0 0 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 50 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0"
// A loop with a guard that is computed before it, from numbers that are used nowhere else.
#include <metal_stdlib>
using namespace metal;
kernel void guarded(device const uint* in [[buffer(0)]], device uint* out [[buffer(1)]], uint i [[thread_position_in_grid]]) {
    for (uint k = 0; k < 10; k++) {
        if (i - 3 < 28) out[i] += in[0];
    }
}
