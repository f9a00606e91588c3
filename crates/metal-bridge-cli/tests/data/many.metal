// Kernels over the kinds of argument that a command line can give.
#include <metal_stdlib>
using namespace metal;

constant int offset [[function_constant(0)]];
constant bool negate [[function_constant(1)]];

kernel void shift(device int *x [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    int shifted = x[i] + offset;
    x[i] = is_function_constant_defined(negate) && negate ? -shifted : shifted;
}

// A product of matrices, to have a grid of two axes.
kernel void product(device const float *a [[buffer(0)]],
                    device const float *b [[buffer(1)]],
                    device float *c [[buffer(2)]],
                    constant uint &inner [[buffer(3)]],
                    uint2 position [[thread_position_in_grid]],
                    uint2 grid [[threads_per_grid]]) {
    float sum = 0;
    for (uint k = 0; k < inner; k++) {
        sum += a[position.y * inner + k] * b[k * grid.x + position.x];
    }
    c[position.y * grid.x + position.x] = sum;
}

// The sum of each threadgroup's part.
kernel void group_sum(device const float *x [[buffer(0)]],
                      device float *sums [[buffer(1)]],
                      threadgroup float *shared [[threadgroup(0)]],
                      uint i [[thread_position_in_grid]],
                      uint local [[thread_position_in_threadgroup]],
                      uint group [[threadgroup_position_in_grid]],
                      uint size [[threads_per_threadgroup]]) {
    shared[local] = x[i];
    for (uint stride = size / 2; stride > 0; stride /= 2) {
        threadgroup_barrier(mem_flags::mem_threadgroup);
        if (local < stride) {
            shared[local] += shared[local + stride];
        }
    }
    if (local == 0) {
        sums[group] = shared[0];
    }
}

kernel void lengths(device const float3 *v [[buffer(0)]],
                    device half *as_half [[buffer(1)]],
                    device bfloat *as_bfloat [[buffer(2)]],
                    uint i [[thread_position_in_grid]]) {
    float l = length(v[i]);
    as_half[i] = half(l);
    as_bfloat[i] = bfloat(l);
}

kernel void beyond(device float *x [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    x[i + 1000] = 1;
}
