//! in.0 = "f32 7"
//! out.1 = "f32 7 2 0 0  7 0 0 0  1 2 3 4  7 7 7 7  1 2 0 0  5 0 0 0  0 0 0 0  7 1 2 3  9 9 9 9"
//! out.2 = "f32 7 0 0 1 2 3"
//! out.3 = "i32 1 2 3 0"
// A list in braces may have fewer elements than the vector: zeros follow. In parentheses, one scalar is all elements.
#include <metal_stdlib>
using namespace metal;
constant float4 table[] = {{1, 2}, {5}, {}};
kernel void run(device const float* in [[buffer(0)]], device float4* out [[buffer(1)]], device packed_float3* packed [[buffer(2)]],
                device int4* ints [[buffer(3)]]) {
    float x = in[0];
    float4 a = {x, 2}, b = {x}, c = {float2(1, 2), float2(3, 4)};
    out[0] = a;
    out[1] = b;
    out[2] = c;
    out[3] = float4(x);
    for (int i = 0; i < 3; i++) out[4 + i] = table[i];
    out[7] = float4{x, 1, 2, 3};
    float4 splat = 9;
    out[8] = splat;
    packed[0] = {x};
    packed[1] = packed_float3{1, 2, 3};
    ints[0] = {1, 2, 3};
}
