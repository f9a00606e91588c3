//! math = "safe"
//! grid = 11
//! group = 11
//! in.0 = "f32 1 65504 65519 65520 -1000000 5.960464477539063e-08 2.98e-08 2.99e-08 1.00048828125 1.00146484375 0.333333"
//! out.1 = "f16 1 65504*2 inf -inf 5.960464477539063e-08 0 5.960464477539063e-08 1 1.001953125 0.333251953125"
//! out.2 = "f32 1 65504*2 inf -inf 5.960464477539063e-08 0 5.960464477539063e-08 1 1.001953125 0.333251953125"
//! out.3 = "f16 -7 994 1995 2996 3996 5000 6000 7000 8000 9000 10000"
// float to half rounds to nearest even, overflows to infinity and keeps denormals; int to half rounds too.
#include <metal_stdlib>
using namespace metal;
kernel void convert(device const float* a [[buffer(0)]], device half* h [[buffer(1)]], device float* back [[buffer(2)]],
                    device half* ints [[buffer(3)]], uint i [[thread_position_in_grid]]) {
    h[i] = half(a[i]);
    back[i] = static_cast<float>(static_cast<half>(a[i]));
    ints[i] = half(int(i) * 1001 - 7);
}
