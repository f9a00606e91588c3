// Parameter updates of optimisers, element by element, in place.
//
// There is no length argument: dispatch exactly one thread for each parameter.
#include <metal_stdlib>
using namespace metal;

// One step of Adam.
kernel void adam_update_float32(device float* params [[buffer(0)]],           // [n], updated
                                device const float* gradients [[buffer(1)]],  // [n]
                                device float* m [[buffer(2)]],                // [n], first moment estimate, updated
                                device float* v [[buffer(3)]],                // [n], second moment estimate, updated
                                constant float& lr [[buffer(4)]],             // learning rate
                                constant float& beta1 [[buffer(5)]],          // decay of m, below 1
                                constant float& beta2 [[buffer(6)]],          // decay of v, below 1
                                constant float& eps [[buffer(7)]],            // added to the divisor
                                constant uint& t [[buffer(8)]],               // number of this step, from 1
                                uint index [[thread_position_in_grid]]) {     // grid: n
    float gradient = gradients[index];
    // fma, as fast math may turn a sum of this form into g + beta (m - g), whose error is that of g.
    float moment1 = fma(beta1, m[index], (1.0f - beta1) * gradient);
    float moment2 = fma(beta2, v[index], (1.0f - beta2) * gradient * gradient);
    m[index] = moment1;
    v[index] = moment2;
    // In the first steps the powers are close to 1, so their error counts: no fast approximation here.
    float m_hat = moment1 / (1.0f - precise::pow(beta1, float(t)));
    float v_hat = moment2 / (1.0f - precise::pow(beta2, float(t)));
    params[index] -= lr * m_hat / (sqrt(v_hat) + eps);
}

// One step of gradient descent with momentum and weight decay:
// velocity = momentum velocity + gradient + weight_decay param; param -= lr velocity
kernel void sgd_momentum_update_float32(device float* params [[buffer(0)]],           // [n], updated
                                        device const float* gradients [[buffer(1)]],  // [n]
                                        device float* velocity [[buffer(2)]],         // [n], updated
                                        constant float& lr [[buffer(3)]],             // learning rate
                                        constant float& momentum [[buffer(4)]],
                                        constant float& weight_decay [[buffer(5)]],
                                        uint index [[thread_position_in_grid]]) {     // grid: n
    float param = params[index];
    float step = momentum * velocity[index] + (gradients[index] + weight_decay * param);
    velocity[index] = step;
    params[index] = param - lr * step;
}
