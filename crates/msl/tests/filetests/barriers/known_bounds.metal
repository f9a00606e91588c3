//! group = 64
//! out.0 = "u32 31 30 29 28 27 26 25 24 23 22 21 20 19 18 17 16 15 14 13 12 11 10 9 8 7 6 5 4 3 2 1 0 31 30 29 28 27 26 25 24 23 22 21 20 19 18 17 16 15 14 13 12 11 10 9 8 7 6 5 4 3 2 1 0 31 30 29 28 27 26 25 24 23 22 21 20 19 18 17 16 15 14 13 12 11 10 9 8 7 6 5 4 3 2 1 0 31 30 29 28 27 26 25 24 23 22 21 20 19 18 17 16 15 14 13 12 11 10 9 8 7 6 5 4 3 2 1 0"
//! threadgroups = 2
//!
//! [[run]]
//! kernel = "masked"
//!
//! [[run]]
//! kernel = "by_division"
//!
//! [[run]]
//! kernel = "whole"
// Indices that are known to be within the array, up to its last element.
#include <metal_stdlib>
using namespace metal;
kernel void masked(device uint* out [[buffer(0)]], uint i [[thread_index_in_threadgroup]], uint g [[thread_position_in_grid]]) {
    threadgroup uint shared[32];
    shared[i & 31] = i & 31;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    out[g] = shared[31 - (i & 31)];
}
kernel void by_division(device uint* out [[buffer(0)]], uint i [[thread_index_in_threadgroup]], uint g [[thread_position_in_grid]]) {
    threadgroup uint shared[32];
    shared[i % 32] = i % 32;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    out[g] = shared[31 - i % 32];
}
kernel void whole(device uint* out [[buffer(0)]], uint3 i [[thread_position_in_threadgroup]], uint g [[thread_position_in_grid]]) {
    threadgroup uint shared[1024];
    shared[1023 - i.x] = i.x % 32;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    out[g] = shared[1023 - (i.x ^ 31)];
}
