//! grid = 4
//! group = 4
//! in.0 = "i32 1 2 3 4"
//! out.1 = "i32 4 3 2 1"
// A pointer may leave the buffer as long as nothing is read there.
#include <metal_stdlib>
using namespace metal;
kernel void back(device const int* in [[buffer(0)]], device int* out [[buffer(1)]], uint i [[thread_position_in_grid]]) {
    device const int* p = in + 1000000;
    p -= 1000000 - 3;
    device const int* before = p - 500;
    out[i] = before[500 - int(i)];
}
