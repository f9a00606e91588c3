//! grid = 64
//! group = 64
//! zero.1 = "i32 64"
//! in.0 = "i32 0..64"
//! out.0 = "i32 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 0 1 2 3 4"
//! out.1 = "i32 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 0 1 2"
// Barriers that order device memory between threads of a threadgroup.
#include <metal_stdlib>
using namespace metal;
kernel void rotate(device int* data [[buffer(0)]], device int* scratch [[buffer(1)]], uint t [[thread_position_in_grid]]) {
    scratch[t] = data[(t + 3) % 64];
    threadgroup_barrier(mem_flags::mem_device);
    data[t] = scratch[(t + 2) % 64];
    threadgroup_barrier(mem_flags::mem_device | mem_flags::mem_threadgroup);
    threadgroup_barrier(mem_flags::mem_none);
}
