//! include = ["include", "include/more"]
//! grid = 3
//! group = 3
//! out.0 = "i32 5 7 9"
// Headers from the given directories, one of which includes another beside itself, and <metal_stdlib> itself.
#include <metal_stdlib>
#include "helper.h"
#include "deep.h"
using namespace metal;
kernel void included(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    out[i] = helper(i) + DEEP_CONSTANT + NEAR_CONSTANT;
}
