//! grid = 64
//! group = 64
//! zero.0 = "i32 70"
//! zero.1 = "i32 60"
//! zero.2 = "i32 70"
//! [[run]]
//! kernel = "read"
//! fault = "at program_source:7, thread (60, 0, 0) in grid: read of 4 bytes at byte offset 240 of buffer 1 (`b`), which has 240 bytes"
//! [[run]]
//! kernel = "write"
//! fault = "at program_source:11, thread (60, 0, 0) in grid: write of 4 bytes at byte offset 240 of buffer 1 (`b`), which has 240 bytes"
//! [[run]]
//! kernel = "all_write"
//! bytes.3 = "u32 0"
//! fault = "at program_source:15, thread (60, 0, 0) in grid: write of 4 bytes at byte offset 240 of buffer 1 (`b`), which has 240 bytes"
//! [[run]]
//! kernel = "read_only"
//! fault = "at program_source:19, thread (5, 0, 0) in grid: write"
//! [[run]]
//! kernel = "private_array"
//! fault = "at program_source:24, thread (33, 0, 0) in grid: read of 4 bytes at byte offset 20 of variable `x`"
//! [[run]]
//! kernel = "atomics"
//! fault = "at program_source:28, thread (60, 0, 0) in grid: … 4 bytes at byte offset 240 of buffer 1 (`b`), which has 240 bytes"
//! [[run]]
//! kernel = "copy"
//! fault = "at program_source:33, thread (3, 0, 0) in grid: read of 20 bytes at byte offset 240 of buffer 1 (`b`), which has 240 bytes"
// Faults through pointers that may lead to one of several memories. Those that fault are in one tile, which one worker runs.
#include <metal_stdlib>
using namespace metal;
#define ARGUMENTS device const int* a [[buffer(0)]], device int* b [[buffer(1)]], device int* out [[buffer(2)]]
kernel void read(ARGUMENTS, uint i [[thread_position_in_grid]]) {
    device const int* p = i % 2 ? a : b;
    out[i] = p[i];
}
kernel void write(ARGUMENTS, uint i [[thread_position_in_grid]]) {
    device int* p = i % 2 ? out : b;
    p[i] = 1;
}
kernel void all_write(ARGUMENTS, constant uint& flag [[buffer(3)]], uint i [[thread_position_in_grid]]) {
    device int* p = flag ? out : b;
    p[i] = 1;
}
kernel void read_only(ARGUMENTS, uint i [[thread_position_in_grid]]) {
    device int* p = i == 5 ? (device int*)a : b;
    p[i % 40] = 1;
}
kernel void private_array(ARGUMENTS, uint i [[thread_position_in_grid]]) {
    int x[4] = {1, 2, 3, 4}, y[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    thread int* p = i == 33 ? x : y;
    out[i] = p[i % 7 + uint(a[i])];
}
kernel void atomics(ARGUMENTS, uint i [[thread_position_in_grid]]) {
    device int* p = i % 2 ? out : b;
    atomic_fetch_add_explicit((device atomic_int*)p + i, 1, memory_order_relaxed);
}
struct Five { int v[5]; };
kernel void copy(ARGUMENTS, uint i [[thread_position_in_grid]]) {
    device Five* p = (device Five*)(i == 3 ? b : out);
    if (i == 3) p[7] = p[12];
}
