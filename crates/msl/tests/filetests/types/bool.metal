//! grid = 4
//! group = 4
//! in.0 = "bool true false true false"
//! in.1 = "i32 2 0 -1 256"
//! out.2 = "bool true false true true"
//! out.3 = "i32 1 1 2 2"
//! out.4 = "i32 1 0 1 0 3 2 3 2"
// bool is one byte that holds 0 or 1.
#include <metal_stdlib>
using namespace metal;
kernel void bools(device const bool* flags [[buffer(0)]], device const int* ints [[buffer(1)]], device bool* out [[buffer(2)]],
                  device int* counts [[buffer(3)]], device int* sums [[buffer(4)]], uint i [[thread_position_in_grid]]) {
    out[i] = ints[i];
    bool nonzero = ints[i] != 0;
    counts[i] = flags[i] + nonzero + !(flags[i] || nonzero) + (flags[i] ^ nonzero) - (flags[i] && nonzero && i == 0);
    sums[i] = flags[i] ? true : false;
    sums[4 + i] = int(flags[i]) | 2;
}
