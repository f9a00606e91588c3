//! math = "safe"
//! grid = 16
//! in.0 = "f32 1 1 0 -0 0 1e-45 -1e-45 3.4028235e+38 inf 5 -0 0 -1 1.1754944e-38 nan 1"
//! in.1 = "f32 2 0 1 1 -1 0 5 inf 0 5 0 -0 -2 0 1 nan"
//! out.2 = "f32 1.0000001 0.99999994 1e-45 1e-45 -1e-45 0 -0 inf 3.4028235e+38 5 0 -0 -1.0000001 1.1754942e-38 nan nan"
// The neighbour towards the second argument, which is the result if both are equal.
#include <metal_stdlib>
using namespace metal;
kernel void run(device const float* x [[buffer(0)]], device const float* y [[buffer(1)]], device float* out [[buffer(2)]],
                uint i [[thread_position_in_grid]]) {
    out[i] = nextafter(x[i], y[i]);
}
