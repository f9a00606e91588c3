//! math = "safe"
//! grid = 6
//! group = 6
//! in.0 = "f32 1 1.00390625 1.01171875 1.0049999952316284 3.39617752923046e+38 0.33333298563957214"
//! out.1 = "bf16 1 1 1.015625 1.0078125 inf 0.333984375"
//! out.2 = "f16 1 1 1.015625 1.0078125 inf 0.333984375"
//! out.3 = "bf16 -7 992 1992 2992 4000 4992"
// float to bfloat rounds to nearest even; bfloat and half convert into each other by way of float.
#include <metal_stdlib>
using namespace metal;
kernel void convert(device const float* a [[buffer(0)]], device bfloat* b [[buffer(1)]], device half* h [[buffer(2)]],
                    device bfloat* ints [[buffer(3)]], uint i [[thread_position_in_grid]]) {
    b[i] = bfloat(a[i]);
    bfloat x = bfloat(a[i]);
    h[i] = static_cast<half>(x);
    ints[i] = static_cast<bfloat>(int(i) * 1001 - 7);
}
