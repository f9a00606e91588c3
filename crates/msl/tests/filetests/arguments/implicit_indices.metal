//! grid = 2
//! group = 2
//! reflect = '''
//! kernel implicit at line 6
//!   buffer 0: device const float x, size 4, alignment 4
//!   buffer 1: constant float y, size 4, alignment 4
//!   buffer 2: device float out, size 4, alignment 4
//! '''
//! in.0 = "f32 1 2"
//! in.1 = "f32 10"
//! out.2 = "f32 11 12"
// Buffers without an index are numbered in their order.
#include <metal_stdlib>
using namespace metal;

// Positions take no number.
kernel void implicit(const device float* x, uint i [[thread_position_in_grid]], constant float& y, device float* out) {
    out[i] = x[i] + y;
}
