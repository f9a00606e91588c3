//! grid = 300
//! group = 50
//! in.0 = "i32 -50 -13 24 -40 -3 34 -30 7 44 -20 17 -47 -10 27 -37 0 37 -27 10 47 -17 20 -44 -7 30 -34 3 40 -24 13 50 -14 23 -41 -4 33 -31 6 43 -21 16 -48 -11 26 -38 -1 36 -28 9 46 -18 19 -45 -8 29 -35 2 39 -25 12 49 -15 22 -42 -5 32 -32 5 42 -22 15 -49 -12 25 -39 -2 35 -29 8 45 -19 18 -46 -9 28 -36 1 38 -26 11 48 -16 21 -43 -6 31 -33 4 41 -23 14 -50 -13 24 -40 -3 34 -30 7 44 -20 17 -47 -10 27 -37 0 37 -27 10 47 -17 20 -44 -7 30 -34 3 40 -24 13 50 -14 23 -41 -4 33 -31 6 43 -21 16 -48 -11 26 -38 -1 36 -28 9 46 -18 19 -45 -8 29 -35 2 39 -25 12 49 -15 22 -42 -5 32 -32 5 42 -22 15 -49 -12 25 -39 -2 35 -29 8 45 -19 18 -46 -9 28 -36 1 38 -26 11 48 -16 21 -43 -6 31 -33 4 41 -23 14 -50 -13 24 -40 -3 34 -30 7 44 -20 17 -47 -10 27 -37 0 37 -27 10 47 -17 20 -44 -7 30 -34 3 40 -24 13 50 -14 23 -41 -4 33 -31 6 43 -21 16 -48 -11 26 -38 -1 36 -28 9 46 -18 19 -45 -8 29 -35 2 39 -25 12 49 -15 22 -42 -5 32 -32 5 42 -22 15 -49 -12 25 -39 -2 35 -29 8 45 -19 18 -46 -9 28 -36 1 38 -26 11 48 -16 21 -43 -6 31 -33 4"
//! in.1 = "i32 5 1000 -1000 -1 0 0 7"
//! out.1 = "i32 -27 -50 50 112 240 -4 39"
//! in.2 = "u32 4000000000 0 0xffffffff"
//! out.2 = "u32 0 4294967295 44849"
// Every read-modify-write operation, signed and unsigned, from all threadgroups at once.
#include <metal_stdlib>
using namespace metal;
kernel void operations(device const int* in [[buffer(0)]], device atomic_int* a [[buffer(1)]], device atomic_uint* b [[buffer(2)]],
                       uint i [[thread_position_in_grid]]) {
    int x = in[i];
    atomic_fetch_add_explicit(&a[0], x, memory_order_relaxed);
    atomic_fetch_min_explicit(&a[1], x, memory_order_relaxed);
    atomic_fetch_max_explicit(&a[2], x, memory_order_relaxed);
    atomic_fetch_and_explicit(&a[3], x | 0x70, memory_order_relaxed);
    atomic_fetch_or_explicit(&a[4], x & 0xf0, memory_order_relaxed);
    atomic_fetch_xor_explicit(&a[5], x, memory_order_relaxed);
    atomic_fetch_sub_explicit(&a[6], x, memory_order_relaxed);
    atomic_fetch_min_explicit(&b[0], uint(x), memory_order_relaxed);
    atomic_fetch_max_explicit(&b[1], uint(x), memory_order_relaxed);
    atomic_fetch_add_explicit(&b[2], i, memory_order_relaxed);
}
