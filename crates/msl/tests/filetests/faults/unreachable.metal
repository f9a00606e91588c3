//! grid = 4
//! group = 4
//! [[run]]
//! kernel = "marked"
//! in.0 = "i32 1 1 1 1"
//! out.0 = "i32 2*4"
//! [[run]]
//! kernel = "marked"
//! in.0 = "i32 1 1 5 1"
//! fault = "unreachable"
// Code that the source says is never reached: reaching it ends the run.
#include <metal_stdlib>
using namespace metal;
kernel void marked(device int* data [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    switch (data[i]) {
        case 1: data[i] = 2; break;
        default: __builtin_unreachable();
    }
}
