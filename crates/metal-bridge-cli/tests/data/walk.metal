#include <metal_stdlib>
using namespace metal;

kernel void walk(device const float *in [[buffer(0)]], device float *out [[buffer(1)]],
                 uint3 g [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]]) {
    const ulong start = ulong(g.y) * 1024 + lane;
    for (ulong i = 0; i < 1024; i += 32) {
        out[start + i] = in[start + i] + 1;
    }
}

kernel void apart(device const float *in [[buffer(0)]], device float *out [[buffer(1)]],
                  uint3 g [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]]) {
    const ulong start = ulong(g.y) * 32 + lane;
    for (ulong i = 0; i < 32; i++) {
        out[start + i * 4096] = in[start + i * 4096] + 1;
    }
}
