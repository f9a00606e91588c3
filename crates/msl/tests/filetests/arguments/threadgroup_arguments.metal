//! group = 8
//! threadgroups = 2
//! threadgroup.0 = 32
//! threadgroup.1 = 16
//! in.0 = "f32 0..16"
//! out.1 = "f32 7 0 6 200 5 400 4 600 3 0 2 200 1 400 0 600 15 800 14 1000 13 1200 12 1400 11 800 10 1000 9 1200 8 1400"
// Threadgroup memory of a length given at dispatch, at two indices.
#include <metal_stdlib>
using namespace metal;
kernel void given(device const float* in [[buffer(0)]], device float2* out [[buffer(1)]],
                  threadgroup float* a [[threadgroup(0)]], threadgroup float* b [[threadgroup(1)]],
                  uint i [[thread_position_in_threadgroup]], uint gid [[thread_position_in_grid]]) {
    a[i] = in[gid];
    if (i % 2 == 0) b[i / 2] = in[gid] * 100;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    out[gid] = float2(a[7 - i], b[i % 4]);
}
