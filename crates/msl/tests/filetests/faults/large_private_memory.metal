//! zero.0 = "i32 4"
//! grid = 40
//! group = 40
//! [[run]]
//! kernel = "fits"
//! out.0 = "i32 2340 0 0 0"
//! [[run]]
//! kernel = "too_large"
//! pipeline_error = "4194304 bytes of private variables; at most"
//! [[run]]
//! kernel = "of_variable_length"
//! pipeline_error = "kernel `of_variable_length`"
// Memory of a thread has a limit, and no stack overflows below it: also with barriers, where every thread has its own.
#include <metal_stdlib>
using namespace metal;
kernel void fits(device int* a [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    int big[50000];
    for (int k = 0; k < 50000; k += 100) big[k + a[1]] = k + i;
    threadgroup_barrier(mem_flags::mem_none);
    big[100] = i;
    threadgroup_barrier(mem_flags::mem_none);
    atomic_fetch_add_explicit((device atomic_int*)a, big[a[2] + 100] + big[a[2] + 100] + big[200] - 200, memory_order_relaxed);
}
kernel void too_large(device int* a [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    int big[1 << 20];
    for (int k = 0; k < (1 << 20); k += 1000) big[(k + a[1]) & 0xfffff] = k + i;
    a[0] = big[a[2]];
}
kernel void of_variable_length(device int* a [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    int* big = (int*)__builtin_alloca(4 * (a[1] + 1000000000));
    big[a[2]] = 1;
    big[a[3] + 1] = a[0];
    a[0] = big[a[2] + a[3]];
}
