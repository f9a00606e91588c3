//! grid = 40
//! group = 40
//! in.1 = "u32 1*16 0*16 1*8"
//! in.2 = "u32 2*16 3*16 4*8"
//! out.0 = "u32 10*16 16*16 10*8"
#include <metal_stdlib>
using namespace metal;
kernel void chosen_before_loop(device uint* out [[buffer(0)]], device const uint* a [[buffer(1)]],
                                       device const uint* b [[buffer(2)]], uint i [[thread_position_in_grid]]) {
    device const uint* p = i & 16 ? a : b;
    device const uint* q = i & 16 ? b : a;
    uint s = 0;
    for (uint n = 0; n < 4; n++) {
        out[i] = n;
        s += *p + (i & 16 ? *q : 0) + (n & 1 ? *q : 0);
    }
    out[i] = s;
}
