//! grid = 4
//! group = 4
//! [[run]]
//! kernel = "add"
//! zero.0 = "u32 3"
//! fault = "at program_source:4, thread (3, 0, 0) in grid: write of 4 bytes at byte offset 12 of buffer 0 (`bins`), which has 12 bytes"
//! [[run]]
//! kernel = "exchange"
//! zero.0 = "i32 3"
//! fault = "thread (3, 0, 0) in grid: write of 4 bytes at byte offset 12 of buffer 0 (`bins`), which has 12 bytes"
//! [[run]]
//! kernel = "float_add"
//! zero.0 = "f32 3"
//! fault = "thread (3, 0, 0) in grid: write of 4 bytes at byte offset 12 of buffer 0 (`bins`), which has 12 bytes"
//! [[run]]
//! kernel = "local"
//! zero.0 = "u32 4"
//! fault = "thread (3, 0, 0) in grid: write of 4 bytes at byte offset 12 of variable `bins`, which has 12 bytes"
#include <metal_stdlib>
using namespace metal;
kernel void add(device atomic_uint* bins [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    atomic_fetch_add_explicit(&bins[i], 1, memory_order_relaxed);
}
kernel void exchange(device atomic_int* bins [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    int expected = 0;
    atomic_compare_exchange_weak_explicit(bins + i, &expected, 1, memory_order_relaxed, memory_order_relaxed);
}
kernel void float_add(device atomic_float* bins [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    atomic_fetch_add_explicit(bins + i, 1.0f, memory_order_relaxed);
}
kernel void local(device uint* out [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    threadgroup atomic_uint bins[3];
    atomic_store_explicit(&bins[i], i, memory_order_relaxed);
    out[i] = atomic_load_explicit(&bins[0], memory_order_relaxed);
}
