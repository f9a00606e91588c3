//! grid = 6
//! group = 4
//! [[run]]
//! kernel = "squares"
//! out.0 = "u32 0 1 4 9 16 25"
//! [[run]]
//! kernel = "halves"
//! out.0 = "u32 0 0 1 1 2 2"
//! [[run]]
//! kernel = "empty"
//! in.0 = "u32 5"
//! out.0 = "u32 5"
// Kernels beside each other that share functions; one without arguments.
#include <metal_stdlib>
using namespace metal;
void store(device uint* out, uint at, uint value) { out[at] = value; }
kernel void empty() {}
kernel void squares(device uint* out [[buffer(0)]], uint at [[thread_position_in_grid]]) { store(out, at, at * at); }
kernel void halves(device uint* out [[buffer(0)]], uint at [[thread_position_in_grid]]) { store(out, at, at / 2); }
