// Kernels that are measured and are not built in.
#include <metal_stdlib>
using namespace metal;

// Iterations until each point leaves the circle of radius 2, from -2 to 1 and from -1.5 to 1.5.
kernel void mandelbrot(device int* image [[buffer(0)]],            // [side, side]
                       constant uint& side [[buffer(1)]],
                       constant int& iterations [[buffer(2)]],     // most of them
                       uint2 gid [[thread_position_in_grid]]) {    // grid: side, side
    float step = 3.0f / float(side);
    float cr = float(gid.x) * step - 2.0f;
    float ci = float(gid.y) * step - 1.5f;
    float zr = 0.0f;
    float zi = 0.0f;
    int count = 0;
    while (count < iterations && zr * zr + zi * zi <= 4.0f) {
        float next = zr * zr - zi * zi + cr;
        zi = 2.0f * zr * zi + ci;
        zr = next;
        count++;
    }
    image[gid.y * side + gid.x] = count;
}

constant constexpr uint WIDTH = 256;  // threads of a threadgroup of the sums

// The sum of this thread's share of the elements of its threadgroup: SHARE of them, WIDTH apart.
template <uint SHARE>
static float share(device const float* input, uint count, uint thread_index, uint group) {
    float sum = 0.0f;
    uint start = group * WIDTH * SHARE + thread_index;
    for (uint i = 0; i < SHARE; i++) {
        uint index = start + i * WIDTH;
        if (index < count) sum += input[index];
    }
    return sum;
}

// The sum of each threadgroup's elements by a tree in threadgroup memory.
template <uint SHARE>
kernel void sum_tree(device const float* input [[buffer(0)]],  // [count]
                     device float* sums [[buffer(1)]],         // [threadgroups]
                     constant uint& count [[buffer(2)]],
                     uint thread_index [[thread_index_in_threadgroup]],
                     uint group [[threadgroup_position_in_grid]]) {
    threadgroup float partial[WIDTH];
    partial[thread_index] = share<SHARE>(input, count, thread_index, group);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    for (uint stride = WIDTH / 2; stride > 0; stride /= 2) {
        if (thread_index < stride) partial[thread_index] += partial[thread_index + stride];
        threadgroup_barrier(mem_flags::mem_threadgroup);
    }
    if (thread_index == 0) sums[group] = partial[0];
}

template [[host_name("sum_tree_1")]] kernel void sum_tree<1>(device const float*, device float*, constant uint&, uint, uint);
template [[host_name("sum_tree_16")]] kernel void sum_tree<16>(device const float*, device float*, constant uint&, uint, uint);

// The same by SIMD-groups, and one SIMD-group for their sums.
template <uint SHARE>
kernel void sum_simd(device const float* input [[buffer(0)]],  // [count]
                     device float* sums [[buffer(1)]],         // [threadgroups]
                     constant uint& count [[buffer(2)]],
                     uint thread_index [[thread_index_in_threadgroup]],
                     uint lane [[thread_index_in_simdgroup]],
                     uint simdgroup [[simdgroup_index_in_threadgroup]],
                     uint group [[threadgroup_position_in_grid]]) {
    threadgroup float partial[WIDTH / 32];
    float sum = simd_sum(share<SHARE>(input, count, thread_index, group));
    if (lane == 0) partial[simdgroup] = sum;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    if (simdgroup == 0) {
        sum = simd_sum(lane < WIDTH / 32 ? partial[lane] : 0.0f);
        if (lane == 0) sums[group] = sum;
    }
}

template [[host_name("sum_simd_16")]] kernel void sum_simd<16>(device const float*, device float*, constant uint&, uint, uint, uint, uint);
