//! group = 64
//! threadgroups = 1
//! zero.0 = "u32 64"
//!
//! [[run]]
//! kernel = "masked"
//! fault = "thread (31, 0, 0) in grid: write of 4 bytes at byte offset 124 of variable `shared`, which has 124 bytes"
//!
//! [[run]]
//! kernel = "threads"
//! fault = "thread (63, 0, 0) in grid: write of 4 bytes at byte offset 252 of variable `shared`, which has 252 bytes"
//!
//! [[run]]
//! kernel = "moved"
//! fault = "thread (1, 0, 0) in grid: write of 4 bytes at byte offset 4096 of variable `shared`, which has 4096 bytes"
//!
//! [[run]]
//! kernel = "below"
//! fault = "thread (33, 0, 0) in grid: write of 4 bytes at byte offset -4 of variable `shared`, which has 4096 bytes"
//!
//! [[run]]
//! kernel = "wide"
//! fault = "thread (16, 0, 0) in grid: write of 8 bytes at byte offset 128 of variable `shared`, which has 132 bytes"
// What is known of indices is not enough, by one element.
#include <metal_stdlib>
using namespace metal;
kernel void masked(device uint* out [[buffer(0)]], uint i [[thread_index_in_threadgroup]]) {
    threadgroup uint shared[31];
    shared[i & 31] = i;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    out[i] = shared[i & 15];
}
kernel void threads(device uint* out [[buffer(0)]], uint i [[thread_index_in_threadgroup]]) {
    threadgroup uint shared[63];
    shared[i] = i;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    out[i] = shared[i & 15];
}
kernel void moved(device uint* out [[buffer(0)]], uint i [[thread_index_in_threadgroup]]) {
    threadgroup uint shared[1024];
    shared[i + 1023] = i;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    out[i] = shared[i];
}
kernel void below(device uint* out [[buffer(0)]], uint i [[thread_index_in_threadgroup]]) {
    threadgroup uint shared[1024];
    shared[int(32) - int(i)] = i;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    out[i] = shared[i];
}
kernel void wide(device uint* out [[buffer(0)]], uint i [[thread_index_in_threadgroup]]) {
    threadgroup uint shared[33];
    *(threadgroup uint2*)(shared + 2 * (i & 16)) = uint2(i);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    out[i] = shared[i & 15];
}
