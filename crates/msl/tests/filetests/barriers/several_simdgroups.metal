//! [[run]]
//! kernel = "sums"
//! grid = 300
//! group = 128
//! zero.0 = "u32 3"
//! out.0 = "u32 8128 24512 12210"
//! [[run]]
//! kernel = "votes"
//! grid = 192
//! group = 96
//! zero.0 = "u32 6"
//! out.0 = "u32 3 7 1 3 7 1"
//! [[run]]
//! kernel = "turns"
//! grid = [32, 6]
//! group = [32, 3]
//! zero.0 = "u32 12"
//! out.0 = "u32 2 95 1 63 0 31 2 95 1 63 0 31"
//! [[run]]
//! kernel = "late"
//! grid = 96
//! group = 96
//! zero.0 = "u32 80"
//! fault = "at program_source:43, thread (80, 0, 0) … write of 4 bytes"
// SIMD-groups of a threadgroup of which each has its own active lanes, values and accesses.
#include <metal_stdlib>
using namespace metal;

// Sums of the positions in each threadgroup; the last one is not whole.
kernel void sums(device uint* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint t [[thread_index_in_threadgroup]],
                 uint group [[threadgroup_position_in_grid]], uint count [[threads_per_threadgroup]]) {
    threadgroup uint partial[128];
    partial[t] = i;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    for (uint stride = 64; stride > 0; stride /= 2) {
        if (t < stride && t + stride < count) partial[t] += partial[t + stride];
        threadgroup_barrier(mem_flags::mem_threadgroup);
    }
    if (t == 0) out[group] = partial[0];
}

// What lanes of each SIMD-group agree about, where not all of them are asked.
kernel void votes(device uint* out [[buffer(0)]], uint t [[thread_index_in_threadgroup]], uint lane [[thread_index_in_simdgroup]],
                  uint simdgroup [[simdgroup_index_in_threadgroup]], uint group [[threadgroup_position_in_grid]]) {
    threadgroup uint found[3];
    uint asked = 0;
    // Of the first two, of the first three, of none but the first.
    if (lane < (simdgroup == 1 ? 3 : 2 - simdgroup / 2)) asked = uint(ulong(simd_active_threads_mask()));
    uint all = simd_broadcast_first(asked);
    if (lane == 0) found[simdgroup] = all;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    if (t < 3) out[group * 3 + t] = found[t];
}

// Each SIMD-group finds what the one before it has left.
kernel void turns(device uint* out [[buffer(0)]], uint t [[thread_index_in_threadgroup]], uint2 p [[thread_position_in_threadgroup]],
                  uint2 group [[threadgroup_position_in_grid]]) {
    threadgroup uint last[3];
    last[p.y] = t;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    uint y = 2 - p.y;
    if (p.x == 0) { out[group.y * 6 + 2 * p.y] = y; out[group.y * 6 + 2 * p.y + 1] = last[y]; }
}

kernel void late(device uint* out [[buffer(0)]], uint t [[thread_index_in_threadgroup]]) {
    threadgroup_barrier(mem_flags::mem_threadgroup);
    out[t] = t;
}
