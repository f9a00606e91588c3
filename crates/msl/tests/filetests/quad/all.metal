//! grid = 22
//! group = 22
//! in.0 = "i32 -4 3 -2 5 0 7 2 -3 4 -1 6 1 -4 3 -2 5 0 7 2 -3 4 -1"
//! [[run]]
//! kernel = "reductions"
//! out.1 = "i32 2 -4 5 0 -4 0 0 -4 2 -4 5 -4 -1 0 0 -4 2 -4 5 -1 -3 0 0 -4 2 -4 5 -3 2 0 0 -4 6 -3 7 0 0 1 0 0 6 -3 7 0 7 1 0 0 6 -3 7 7 9 1 0 0 6 -3 7 9 6 1 0 0 10 -1 6 0 4 0 1 4 10 -1 6 4 3 0 1 4 10 -1 6 3 9 0 1 4 10 -1 6 9 10 0 1 4 2 -4 5 0 -4 0 0 -4 2 -4 5 -4 -1 0 0 -4 2 -4 5 -1 -3 0 0 -4 2 -4 5 -3 2 0 0 -4 6 -3 7 0 0 1 0 0 6 -3 7 0 7 1 0 0 6 -3 7 7 9 1 0 0 6 -3 7 9 6 1 0 0 3 -1 4 0 4 0 1 4 3 -1 4 4 3 0 1 4"
//! [[run]]
//! kernel = "shuffles"
//! out.1 = "i32 3 3 5 3 3 -4 -4 -2 3 5 3 5 3 -2 -2 -4 7 7 -3 7 7 0 0 2 7 -3 7 -3 7 2 2 0 -1 -1 1 -1 -1 4 4 6 -1 1 -1 1 -1 6 6 4 3 3 5 3 3 -4 -4 -2 3 5 3 5 3 -2 -2 -4 7 7 -3 7 7 0 0 2 7 -3 7 -3 7 2 2 0 -1 -1 _ -1 -1 4 4 _"
//! [[run]]
//! kernel = "divergent"
//! out.1 = "i32 4 4 99 4*3 99 4*3 99 4*3 99 4*3 99 4 3 3"
// Quadgroups: four threads; the last has two.
#include <metal_stdlib>
using namespace metal;
kernel void reductions(device const int* in [[buffer(0)]], device int* out [[buffer(1)]], uint i [[thread_position_in_grid]]) {
    int x = in[i];
    device int* o = out + 8 * i;
    o[0] = quad_sum(x);
    o[1] = quad_min(x);
    o[2] = quad_max(x);
    o[3] = quad_prefix_exclusive_sum(x);
    o[4] = quad_prefix_inclusive_sum(x);
    o[5] = quad_any(x > 6);
    o[6] = quad_all(x > -3);
    o[7] = quad_broadcast_first(x);
}
kernel void shuffles(device const int* in [[buffer(0)]], device int4* out [[buffer(1)]], uint i [[thread_position_in_grid]],
                     ushort lane [[thread_index_in_quadgroup]]) {
    int x = in[i];
    out[i] = int4(quad_broadcast(x, 1), quad_shuffle_xor(x, 1), quad_shuffle_rotate_up(x, 1),
                  quad_shuffle(x, ushort((lane + 1) % 4)));
}
kernel void divergent(device const int* in [[buffer(0)]], device int* out [[buffer(1)]], uint i [[thread_position_in_grid]]) {
    int r = 99;
    if (i % 4 != 2) r = quad_sum(in[i]);
    out[i] = r;
}
