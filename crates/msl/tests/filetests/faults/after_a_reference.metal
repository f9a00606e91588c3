//! kernel = "read"
//! zero.0 = "u32 4"
//! zero.1 = "u32 1"
//! fault = "read of 4 bytes at byte offset 16 of buffer 0 (`p`), which has 16 bytes"
#include <metal_stdlib>
using namespace metal;
struct Params { uint first; uint more[3]; };
kernel void read(constant Params& p [[buffer(0)]], device uint* out [[buffer(1)]]) { out[0] = p.first + p.more[2] + (&p)[1].first; }
