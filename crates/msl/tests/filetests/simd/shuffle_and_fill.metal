//! grid = 32
//! group = 32
//! out.0 = "i32 1029 5 1006 3 1030 6 1007 4 1031 7 0 5 0 8 1 6 1 9 2 7 2 10 3 1000 3 11 4 1001 4 12 5 1002 5 13 1014 11 6 14 1015 12 7 15 8 13 8 16 9 14 9 17 10 15 10 18 11 1008 11 19 12 1009 12 20 13 1010 13 21 1022 19 14 22 1023 20 15 23 16 21 16 24 17 22 17 25 18 23 18 26 19 1016 19 27 20 1017 20 28 21 1018 21 29 1030 27 22 30 1031 28 23 31 24 29 24 1000 25 30 25 1001 26 31 26 1002 27 1024 27 1003 28 1025 28 1004 29 1026"
// Values shifted in come from a second variable; with a modulo they stay within parts of the SIMD-group.
#include <metal_stdlib>
using namespace metal;
kernel void fill(device int4* out [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    int x = i, other = 1000 + i;
    out[i] = int4(simd_shuffle_and_fill_up(x, other, 3), simd_shuffle_and_fill_down(x, other, 5),
                  simd_shuffle_and_fill_up(x, other, 2, 8), simd_shuffle_and_fill_down(x, other, 3, 8));
}
