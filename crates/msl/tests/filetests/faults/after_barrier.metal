//! group = 64
//! threadgroups = 2
//! in.0 = "u32 0..128"
//! bytes.3 = "u32 100"
//!
//! [[run]]
//! in.1 = "u32 0..100"
//! out.2 = "u32 0..100; u32 0*28"
//!
//! [[run]]
//! in.1 = "u32 0..99"
//! zero.2 = "u32 128"
//! fault = "at program_source:11, thread (99, 0, 0) in grid: read of 4 bytes at byte offset 396 of buffer 1 (`b`), which has 396 bytes"
//!
//! [[run]]
//! in.1 = "u32 0..100"
//! zero.2 = "u32 97"
//! fault = "at program_source:11, thread (97, 0, 0) in grid: write of 4 bytes at byte offset 388 of buffer 2 (`out`), which has 388 bytes"
// Some of a block's accesses are outside, by threads that a guard lets pass.
#include <metal_stdlib>
using namespace metal;
kernel void adds(device const uint* a [[buffer(0)]], device const uint* b [[buffer(1)]], device uint* out [[buffer(2)]],
                 constant uint& count [[buffer(3)]], uint i [[thread_index_in_threadgroup]],
                 uint g [[thread_position_in_grid]]) {
    threadgroup uint shared[64];
    shared[i] = g;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    if (g < count) {
        out[g] = a[g] + b[g] - shared[i];
    }
}
