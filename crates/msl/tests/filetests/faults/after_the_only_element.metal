//! kernel = "read"
//! zero.0 = "f32 1"
//! zero.1 = "f32 1"
//! fault = "read of 4 bytes at byte offset 4 of buffer 0 (`in`), which has 4 bytes"
#include <metal_stdlib>
using namespace metal;
kernel void read(device const float* in [[buffer(0)]], device float* out [[buffer(1)]]) { out[0] = in[0] + in[1]; }
