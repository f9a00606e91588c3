#include <metal_stdlib>
#include "beside.h"
#include "elsewhere.h"
using namespace metal;

kernel void includes(device float *x [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    x[i] = BESIDE + ELSEWHERE + GIVEN + FLAG;
}
