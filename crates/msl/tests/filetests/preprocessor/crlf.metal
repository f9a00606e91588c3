//! grid = 2
//! group = 2
//! out.0 = "u32 1 2"
// Lines that end as on Windows, continued ones too.
#include <metal_stdlib>
using namespace metal;
#define NEXT(x) \
    ((x) + 1)
kernel void next(device uint* out [[buffer(0)]],
                 uint i [[thread_position_in_grid]]) {
    out[i] = NEXT(i);
}
