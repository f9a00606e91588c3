//! grid = 40
//! group = 40
//! zero.0 = "i32 40"
//! endless = true
//! [[run]]
//! kernel = "barriers"
//! [[run]]
//! kernel = "simd"
//! [[run]]
//! kernel = "others_wait"
// Endless loops that meet barriers and SIMD-group operations, and one while the other threads wait at a barrier.
#include <metal_stdlib>
using namespace metal;
kernel void barriers(device int* data [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    while (true) {
        threadgroup_barrier(mem_flags::mem_device);
        data[i] += 1;
    }
}
kernel void simd(device int* data [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    int n = 0;
    while (simd_sum(1) > 3) data[i] = ++n;
}
kernel void others_wait(device int* data [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    while (i == 20) data[i] += 1;
    threadgroup_barrier(mem_flags::mem_device);
    data[i] = 1;
}
