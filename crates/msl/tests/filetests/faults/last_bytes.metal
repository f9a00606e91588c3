//! grid = 4
//! group = 4
//! in.0 = "u8 1 2 3 4 5 6 7 8 9 10 11"
//! in.1 = "f32 0..7"
//! out.2 = "u8 1 2 3 11"
//! out.3 = "f32 4 5 6 3"
// Up to the last byte is allowed: also for types whose buffer does not end at a multiple of their size.
#include <metal_stdlib>
using namespace metal;
kernel void last(device const uchar* bytes [[buffer(0)]], device const float* floats [[buffer(1)]],
                 device uchar* out [[buffer(2)]], device packed_float3* vectors [[buffer(3)]], uint i [[thread_position_in_grid]]) {
    out[i] = i == 3 ? bytes[10] : bytes[i];
    if (i == 0) vectors[0] = ((device const packed_float3*)(floats + 1))[1];
    if (i == 1) ((device float*)vectors)[3] = ((device const float3*)floats)[0].x + 3;
}
