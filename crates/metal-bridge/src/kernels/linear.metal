// Linear layers with bias and activation, one thread for each element of the output.
//
// The weight is [input_features, output_features], row-major: the layout that `input weight` needs, not
// its transpose. Threads beyond the output do nothing, so the grid may be rounded up.
#include <metal_stdlib>
using namespace metal;

// Element (batch, out) of input weight + bias.
static inline float linear_element(device const float* input, device const float* weight, device const float* bias,
                                   uint input_features, uint output_features, uint batch, uint out) {
    float sum = 0.0f;
    for (uint in = 0; in < input_features; in++) {
        sum += input[ulong(batch) * input_features + in] * weight[ulong(in) * output_features + out];
    }
    return sum + bias[out];
}

// output = input weight + bias
kernel void linear_forward_float32(device const float* input [[buffer(0)]],       // [batch_size, input_features]
                                   device const float* weight [[buffer(1)]],      // [input_features, output_features]
                                   device const float* bias [[buffer(2)]],        // [output_features]
                                   device float* output [[buffer(3)]],            // [batch_size, output_features]
                                   constant uint& batch_size [[buffer(4)]],
                                   constant uint& input_features [[buffer(5)]],
                                   constant uint& output_features [[buffer(6)]],
                                   uint2 gid [[thread_position_in_grid]]) {  // grid: output_features, batch_size, or more
    if (gid.y >= batch_size || gid.x >= output_features) return;
    output[ulong(gid.y) * output_features + gid.x] =
        linear_element(input, weight, bias, input_features, output_features, gid.y, gid.x);
}

// output = max(0, input weight + bias)
kernel void linear_relu_float32(device const float* input [[buffer(0)]],       // [batch_size, input_features]
                                device const float* weight [[buffer(1)]],      // [input_features, output_features]
                                device const float* bias [[buffer(2)]],        // [output_features]
                                device float* output [[buffer(3)]],            // [batch_size, output_features]
                                constant uint& batch_size [[buffer(4)]],
                                constant uint& input_features [[buffer(5)]],
                                constant uint& output_features [[buffer(6)]],
                                uint2 gid [[thread_position_in_grid]]) {  // grid: output_features, batch_size, or more
    if (gid.y >= batch_size || gid.x >= output_features) return;
    output[ulong(gid.y) * output_features + gid.x] =
        max(0.0f, linear_element(input, weight, bias, input_features, output_features, gid.y, gid.x));
}

// output = 1 / (1 + exp(-(input weight + bias)))
kernel void linear_sigmoid_float32(device const float* input [[buffer(0)]],       // [batch_size, input_features]
                                   device const float* weight [[buffer(1)]],      // [input_features, output_features]
                                   device const float* bias [[buffer(2)]],        // [output_features]
                                   device float* output [[buffer(3)]],            // [batch_size, output_features]
                                   constant uint& batch_size [[buffer(4)]],
                                   constant uint& input_features [[buffer(5)]],
                                   constant uint& output_features [[buffer(6)]],
                                   uint2 gid [[thread_position_in_grid]]) {  // grid: output_features, batch_size, or more
    if (gid.y >= batch_size || gid.x >= output_features) return;
    float x = linear_element(input, weight, bias, input_features, output_features, gid.y, gid.x);
    // In a form that overflows for no x.
    float t = exp(-abs(x));
    output[ulong(gid.y) * output_features + gid.x] = (x < 0.0f ? t : 1.0f) / (1.0f + t);
}
