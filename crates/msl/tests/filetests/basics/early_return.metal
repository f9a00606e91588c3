//! grid = 12
//! group = 4
//! in.0 = "i32 5 -1 0 7 -3 2 9 -8 1 1 -1 4"
//! bytes.2 = "u32 10"
//! in.1 = "i32 -7*12"
//! out.1 = "i32 25 -7 0 49 -7 4 0 -7 1 1 -7*2"
// Threads return at different places.
#include <metal_stdlib>
using namespace metal;
int value(int x) {
    if (x > 8) return 0;
    for (int k = 0; k < 10; ++k) {
        if (k == x) return k * x;
    }
    return -1;
}
kernel void early_return(device const int* in [[buffer(0)]], device int* out [[buffer(1)]], constant uint& n [[buffer(2)]],
                         uint i [[thread_position_in_grid]]) {
    if (i >= n) return;
    int x = in[i];
    if (x < 0) return;
    out[i] = value(x);
}
