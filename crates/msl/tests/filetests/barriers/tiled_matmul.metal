//! threadgroups = [3, 4]
//! group = [4, 4]
//! in.0 = "f32 -3 2 0 -2 3 1 -1 -3 2 0 -2 0 -2 3 1 -1 -3 2 0 -2 3 1 3 1 -1 -3 2 0 -2 3 1 -1 -3 -1 -3 2 0 -2 3 1 -1 -3 2 0 2 0 -2 3 1 -1 -3 2 0 -2 3 -2 3 1 -1 -3 2 0 -2 3 1 -1 1 -1 -3 2 0 -2 3 1 -1 -3 2 -3 2 0 -2 3 1 -1 -3 2 0 -2 0 -2 3 1 -1 -3 2 0 -2 3 1 3 1 -1 -3 2 0 -2 3 1 -1 -3 -1 -3 2 0 -2 3 1 -1 -3 2 0 2 0 -2 3 1 -1 -3 2 0 -2 3 -2 3 1 -1 -3 2 0 -2 3 1 -1"
//! in.1 = "f32 -2 1 -1 2 0 -2 1 -1 2 0 0 -2 1 -1 2 0 -2 1 -1 2 2 0 -2 1 -1 2 0 -2 1 -1 -1 2 0 -2 1 -1 2 0 -2 1 1 -1 2 0 -2 1 -1 2 0 -2 -2 1 -1 2 0 -2 1 -1 2 0 0 -2 1 -1 2 0 -2 1 -1 2 2 0 -2 1 -1 2 0 -2 1 -1 -1 2 0 -2 1 -1 2 0 -2 1 1 -1 2 0 -2 1 -1 2 0 -2 -2 1 -1 2 0 -2 1 -1 2 0"
//! bytes.3 = "u32 13 10 11 0"
//! out.2 = "f32 5 -9 17 -12 -1 5 -9 17 -12 -1 13 -6 0 1 -8 13 -6 0 1 -8 7 -3 -3 7 -8 7 -3 -3 7 -8 1 0 -6 13 -8 1 0 -6 13 -8 -12 17 -9 5 -1 -12 17 -9 5 -1 -4 -1 2 -10 13 -4 -1 2 -10 13 -10 2 -1 -4 13 -10 2 -1 -4 13 5 -9 17 -12 -1 5 -9 17 -12 -1 13 -6 0 1 -8 13 -6 0 1 -8 7 -3 -3 7 -8 7 -3 -3 7 -8 1 0 -6 13 -8 1 0 -6 13 -8 -12 17 -9 5 -1 -12 17 -9 5 -1 -4 -1 2 -10 13 -4 -1 2 -10 13"
// A matrix product over tiles in threadgroup memory.
#include <metal_stdlib>
using namespace metal;
constant constexpr uint tile = 4;
kernel void tiled(device const float* a [[buffer(0)]], device const float* b [[buffer(1)]], device float* c [[buffer(2)]],
                  constant uint3& shape [[buffer(3)]], uint2 p [[thread_position_in_grid]],
                  uint2 t [[thread_position_in_threadgroup]]) {
    threadgroup float ta[tile][tile], tb[tile][tile];
    uint n = shape.x, m = shape.y, k = shape.z;
    float sum = 0;
    for (uint base = 0; base < k; base += tile) {
        ta[t.y][t.x] = p.y < n && base + t.x < k ? a[p.y * k + base + t.x] : 0.0f;
        tb[t.y][t.x] = base + t.y < k && p.x < m ? b[(base + t.y) * m + p.x] : 0.0f;
        threadgroup_barrier(mem_flags::mem_threadgroup);
        for (uint q = 0; q < tile; ++q) sum += ta[t.y][q] * tb[q][t.x];
        threadgroup_barrier(mem_flags::mem_threadgroup);
    }
    if (p.y < n && p.x < m) c[p.y * m + p.x] = sum;
}
