//! kernel = "search"
//! grid = 8
//! group = 8
//! in.0 = "u32 0 0 1 0 0 0 0"
//! bytes.2 = "u32 7"
//! out.1 = "u32 7 0 7 0 7 0 7 0"
//! out.3 = "u16 0 102 0 102 0 102 0 102"
#include <metal_stdlib>
using namespace metal;
// In each iteration every second thread asks whether to return: all of those do, or none. The others go on.
kernel void search(device const uint* flags [[buffer(0)]], device uint* out [[buffer(1)]],
                   constant uint& n [[buffer(2)]], device ushort* found [[buffer(3)]],
                   uint x [[thread_position_in_grid]]) {
    uint i = 0;
    for (; i < n; i++) {
        if ((x ^ i) & 1) {
            if (flags[i]) {
                found[x] = i + 100;
                return;
            }
            found[x] = 0;
        }
    }
    out[x] = i;
}
