#include <metal_stdlib>
using namespace metal;

kernel void warns(device float *x [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    if (i = 1) {
        x[i] = 1;
    }
}
