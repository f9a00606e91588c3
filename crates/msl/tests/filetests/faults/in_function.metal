//! grid = 4
//! group = 2
//! zero.0 = "f32 4"
//! fault = "kernel `caller` at program_source:5, thread (3, 0, 0) in grid: write of 4 bytes at byte offset 24 of buffer 0 (`data`), which has 16 bytes"
#include <metal_stdlib>
using namespace metal;
template <typename T>
void put(device T* p, uint at, T x) {
    p[2 * at] = x;
}
kernel void caller(device float* data [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    put(data, i < 2 ? i : 0, 1.0f);
    if (i == 3) put(data, i, 2.0f);
}
