// Activation functions, element by element.
//
// There is no length argument: dispatch exactly one thread for each element.
#include <metal_stdlib>
using namespace metal;

// result[i] = max(0, input[i])
kernel void relu_float32(device const float* input [[buffer(0)]],   // [n]
                         device float* result [[buffer(1)]],        // [n]
                         uint index [[thread_position_in_grid]]) {  // grid: n
    result[index] = max(0.0f, input[index]);
}

// result[i] = max(0, input[i])
kernel void relu_int32(device const int* input [[buffer(0)]],     // [n]
                       device int* result [[buffer(1)]],          // [n]
                       uint index [[thread_position_in_grid]]) {  // grid: n
    result[index] = max(0, input[index]);
}

// 1 / (1 + exp(-x)), in a form that overflows for no x.
static inline float logistic(float x) {
    float t = exp(-abs(x));
    return (x < 0.0f ? t : 1.0f) / (1.0f + t);
}

// result[i] = 1 / (1 + exp(-input[i]))
kernel void sigmoid_float32(device const float* input [[buffer(0)]],   // [n]
                            device float* result [[buffer(1)]],        // [n]
                            uint index [[thread_position_in_grid]]) {  // grid: n
    result[index] = logistic(input[index]);
}
