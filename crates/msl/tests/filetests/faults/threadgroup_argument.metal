//! grid = 8
//! group = 8
//! threadgroup.2 = 16
//! zero.0 = "u32 8"
//! fault = "at program_source:4, thread (4, 0, 0) in grid: write of 4 bytes at byte offset 16 of threadgroup memory 2 (`shared`), which has 16 bytes"
#include <metal_stdlib>
using namespace metal;
kernel void share(device uint* out [[buffer(0)]], threadgroup uint* shared [[threadgroup(2)]], uint i [[thread_position_in_threadgroup]]) {
    if (i < 5) shared[i] = i;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    out[i] = shared[i % 4];
}
