//! grid = 2
//! group = 2
//! out.2 = "u32 5 6"
// Arguments that the kernel does not use need not be bound.
#include <metal_stdlib>
using namespace metal;
kernel void unused(device const float* a [[buffer(0)]], constant float4x4& m [[buffer(1)]], device uint* out [[buffer(2)]],
                   uint i [[thread_position_in_grid]], uint3 [[threads_per_grid]]) {
    out[i] = i + 5;
}
