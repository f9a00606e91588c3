//! grid = 4
//! group = 4
//! in.5 = "f32 1 2 3 4"
//! in.30 = "i32 100 200 300 400"
//! out.30 = "i32 101 202 303 404"
//! out.5 = "f32 -1 -2 -3 -4"
// The highest index; indices in any order; restrict and volatile.
#include <metal_stdlib>
using namespace metal;
kernel void last(device int* __restrict out [[buffer(30)]], volatile device float* in [[buffer(5)]],
                 uint i [[thread_position_in_grid]]) {
    float x = in[i];
    out[i] += int(x);
    in[i] = -x;
}
