//! math = "safe"
//! grid = 15
//! in.0 = "f32 -0.999 -0.9 -0.5 -0.3 -0.1 -1e-05 1e-05 0.1 0.2 0.4 0.5 0.6 0.75 0.9 0.999"
//! out.1 = "f32 ~5ulp -3.8002076 -0.8806663 -1.4722193 -0.8088669 -0.54930615 -0.4812118 -0.30951962 -0.29567307 -0.10033535 -0.09983408 -1e-05 -1e-05 1e-05 1e-05 0.10033535 0.09983408 0.20273256 0.19869012 0.42364892 0.39003533 0.54930615 0.4812118 0.69314724 0.56882495 0.97295505 0.6931472 1.4722193 0.8088669 3.8002076 0.8806663"
// MSL allows 5 ulp; acosh takes numbers from 1 on, hence the kernel of its own.
#include <metal_stdlib>
using namespace metal;
kernel void run(device const float* in [[buffer(0)]], device float* out [[buffer(1)]], uint i [[thread_position_in_grid]]) {
    float x = in[i];
    device float* o = out + 2 * i;
    o[0] = atanh(x);
    o[1] = asinh(x);
}
