//! grid = 64
//! group = 64
//! zero.0 = "f32 40"
//! fault = "at program_source:6, thread (40, 0, 0) in grid: write of 4 bytes at byte offset 160 of buffer 0 (`out`), which has 160 bytes"
// The other threads wait at a barrier that this one never reaches.
#include <metal_stdlib>
using namespace metal;
kernel void waits(device float* out [[buffer(0)]], uint i [[thread_position_in_threadgroup]]) {
    threadgroup float shared[64];
    if (i <= 40) out[i] = i;
    shared[i] = i;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    if (i < 40) out[i] = shared[63 - i];
}
