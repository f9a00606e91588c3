//! grid = 45
//! group = 45
//! in.0 = "i32 0 5 1 -3 2 -2 3 -1 4 0 5 1 -3 2 -2 3 -1 4 0 5 1 -3 2 -2 3 -1 4 0 5 1 -3 2 -2 3 -1 4 0 5 1 -3 2 -2 3 -1 4"
//! [[run]]
//! kernel = "ints"
//! out.1 = "i32 0 0 1 2 0 5 2 2 5 6 2 2 6 3 2 2 3 5 2 2 5 3 2 4 3 6 4 4 6 5 4 4 5 9 4 4 9 9 4 4 9 14 4 8 14 15 8 8 15 12 8 8 12 14 8 8 14 12 8 8 12 15 8 16 15 14 16 16 14 18 16 16 18 18 16 16 18 23 16 16 23 24 16 32 24 21 32 32 21 23 32 32 23 21 32 32 21 24 32 32 24 23 32 64 23 27 64 64 27 27 64 64 27 32 64 64 32 33 64 64 33 30 64 128 30 32 128*2 0 -2 1 1 -2 1*4 0 1 1 0 4 1 2 4 4 2 2 4 9 2 2 9 10 2 2 10 7 2 2 7 9 2 4 9 7 4 4 7 10 4 4 10 9 4 4 9 13 4 4"
//! [[run]]
//! kernel = "floats"
//! out.1 = "f32 0 0 1 2 0 5 2 2 5 6 2 2 6 3 2 2 3 5 2 2 5 3 2 4 3 6 4 4 6 5 4 4 5 9 4 4 9 9 4 4 9 14 4 8 14 15 8 8 15 12 8 8 12 14 8 8 14 12 8 8 12 15 8 16 15 14 16 16 14 18 16 16 18 18 16 16 18 23 16 16 23 24 16 32 24 21 32 32 21 23 32 32 23 21 32 32 21 24 32 32 24 23 32 64 23 27 64 64 27 27 64 64 27 32 64 64 32 33 64 64 33 30 64 128 30 32 128*2 0 -2 1 1 -2 1*4 0 1 1 0 4 1 2 4 4 2 2 4 9 2 2 9 10 2 2 10 7 2 2 7 9 2 4 9 7 4 4 7 10 4 4 10 9 4 4 9 13 4 4"
// Inclusive and exclusive prefix sums and products; the second SIMD-group has 13 threads.
#include <metal_stdlib>
using namespace metal;
kernel void ints(device const int* in [[buffer(0)]], device int4* out [[buffer(1)]], uint i [[thread_position_in_grid]]) {
    int x = in[i], p = i % 5 == 0 ? 2 : 1;
    out[i] = int4(simd_prefix_exclusive_sum(x), simd_prefix_inclusive_sum(x), simd_prefix_exclusive_product(p),
                  simd_prefix_inclusive_product(p));
}
kernel void floats(device const int* in [[buffer(0)]], device float4* out [[buffer(1)]], uint i [[thread_position_in_grid]]) {
    float x = in[i], p = i % 5 == 0 ? 2 : 1;
    out[i] = float4(simd_prefix_exclusive_sum(x), simd_prefix_inclusive_sum(x), simd_prefix_exclusive_product(p),
                    simd_prefix_inclusive_product(p));
}
