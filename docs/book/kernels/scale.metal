#include <metal_stdlib>
using namespace metal;

kernel void scale(device const float *x [[buffer(0)]],
                  device float *scaled  [[buffer(1)]],
                  constant float &factor [[buffer(2)]],
                  uint i [[thread_position_in_grid]]) {
    scaled[i] = factor * x[i];
}
