//! math = "safe"
//! grid = 10
//! in.0 = "f32 1 1 -1 -1 3 -3 0 0 1e-10 1"
//! in.1 = "f32 2 -2 2 -2 0 0 2 -2 1 1e+10"
//! out.2 = "f32 ~6ulp 0.4636476 2.6779451 -0.4636476 -2.6779451 1.5707964 -1.5707964 0 3.1415927 1e-10 1e-10"
// All quadrants and axes. MSL allows 6 ulp.
#include <metal_stdlib>
using namespace metal;
kernel void run(device const float* a [[buffer(0)]], device const float* b [[buffer(1)]], device float* out [[buffer(2)]],
                uint i [[thread_position_in_grid]]) {
    float x = a[i], y = b[i];
    device float* o = out + 1 * i;
    o[0] = atan2(x, y);
}
