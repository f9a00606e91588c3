//! grid = 2
//! group = 2
//! in.0 = "f32 -2 9"
//! out.0 = "f32 2 3"
// Without `using namespace metal`.
#include <metal_stdlib>
kernel void qualified(device float* data [[buffer(0)]], metal::uint2 p [[thread_position_in_grid]]) {
    float x = data[p.x];
    data[p.x] = p.x == 0 ? metal::abs(x) : metal::precise::sqrt(metal::max(x, metal::float2(0).x));
    metal::threadgroup_barrier(metal::mem_flags::mem_none);
}
