// Element-wise arithmetic on arrays of equal length.
//
// There is no length argument: dispatch exactly one thread for each element.
#include <metal_stdlib>
using namespace metal;

// result[i] = inputA[i] + inputB[i]
kernel void add_arrays_float32(device const float* inputA [[buffer(0)]],  // [n]
                               device const float* inputB [[buffer(1)]],  // [n]
                               device float* result [[buffer(2)]],        // [n]
                               uint index [[thread_position_in_grid]]) {  // grid: n
    result[index] = inputA[index] + inputB[index];
}

// result[i] = inputA[i] + inputB[i], modulo 2^32
kernel void add_arrays_int32(device const int* inputA [[buffer(0)]],    // [n]
                             device const int* inputB [[buffer(1)]],    // [n]
                             device int* result [[buffer(2)]],          // [n]
                             uint index [[thread_position_in_grid]]) {  // grid: n
    result[index] = inputA[index] + inputB[index];
}

// result[i] = inputA[i] * inputB[i]
kernel void mul_arrays_float32(device const float* inputA [[buffer(0)]],  // [n]
                               device const float* inputB [[buffer(1)]],  // [n]
                               device float* result [[buffer(2)]],        // [n]
                               uint index [[thread_position_in_grid]]) {  // grid: n
    result[index] = inputA[index] * inputB[index];
}

// result[i] = inputA[i] * inputB[i], modulo 2^32
kernel void mul_arrays_int32(device const int* inputA [[buffer(0)]],    // [n]
                             device const int* inputB [[buffer(1)]],    // [n]
                             device int* result [[buffer(2)]],          // [n]
                             uint index [[thread_position_in_grid]]) {  // grid: n
    result[index] = inputA[index] * inputB[index];
}
