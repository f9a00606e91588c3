#include <metal_stdlib>
using namespace metal;

kernel void square(device float *x [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    x[i] = x[i] * x[j];
    return x[i];
}
