//! grid = 8
//! group = 8
//! zero.0 = "u32 8"
//! bytes.1 = "i32 3"
//! fault = "at program_source:6, thread (5, 0, 0) in grid: write of 4 bytes at byte offset 32 of variable `shared`, which has 32 bytes"
#include <metal_stdlib>
using namespace metal;
kernel void share(device uint* out [[buffer(0)]], constant int& shift [[buffer(1)]], uint i [[thread_position_in_threadgroup]]) {
    threadgroup uint shared[8];
    threadgroup uint other[8];
    if (i < 6) shared[i + shift] = i;
    other[i] = i;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    out[i] = shared[i] + other[i];
}
