//! math = "safe"
//! grid = [24, 16]
//! group = [8, 8]
//! out.0 = "u32 1*3 2 2 3*6 4 4 5 6 13 64 4 4 3 2*4 1 1 2 3*7 4*3 5 13 64 9 5 4 4 3 3 2 2 1 1 2 3*6 4 4 5 6 7 22 64 34 7 5 4 3 3 2 2 1 2 3*5 4 4 5 5 9 20 64*5 17 11 4 3 3 2 1 3*5 4 5*3 6 12 64*7 9 5 3*3 1 3 3 4 4 5 14 7 8 7 8 64*8 17 5 4 3 3 1 4*3 5 6 9 64 64 24 13 64*9 5 4 3 3 1 4 4 6 7 11 19 64*3 26 64*8 17 5 4 3 3 64*19 7 5 4 3 3 1 4 4 6 7 11 19 64*3 26 64*8 17 5 4 3 3 1 4*3 5 6 9 64 64 24 13 64*9 5 4 3 3 1 3 3 4 4 5 14 7 8 7 8 64*8 17 5 4 3 3 1 3*5 4 5*3 6 12 64*7 9 5 3*3 1 2 3*5 4 4 5 5 9 20 64*5 17 11 4 3 3 2 1 1 2 3*6 4 4 5 6 7 22 64 34 7 5 4 3 3 2 2 1 1 2 3*7 4*3 5 13 64 9 5 4 4 3 3 2 2"
// A divergent loop. The points are multiples of 1/8; none of them escapes so late that rounding decides.
#include <metal_stdlib>
using namespace metal;
kernel void mandelbrot(device uint* out [[buffer(0)]], uint2 p [[thread_position_in_grid]], uint2 size [[threads_per_grid]]) {
    float2 c = float2(-2.0f, -1.0f) + float2(p) * float2(3.0f, 2.0f) / float2(size);
    float2 z = 0;
    uint k = 0;
    for (; k < 64 && dot(z, z) <= 4.0f; ++k) z = float2(z.x * z.x - z.y * z.y, 2 * z.x * z.y) + c;
    out[p.y * size.x + p.x] = k;
}
