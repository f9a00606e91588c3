//! math = "safe"
//! grid = 7
//! in.0 = "f16 1 2 3 3 1 2 2 3 1 5 5 1 -1 -2 -3 0.5 0.25 8 1 5 1"
//! out.1 = "f16 1 3 2 1 3 2 5 2 1 3 2 1 3 2 5 2 1 3 2 1 3 2 7 1 1 5 5 1 5 5 26 1 -3 -1 -2 -3 -1 -2 -1 -3 0.25 8 0.5 0.25 8 0.5 8.125 0.5 1 5 1 1 5 1 6 1"
// Functions of three arguments; the values are exact in every type.
#include <metal_stdlib>
using namespace metal;
kernel void run(device const half* a [[buffer(0)]], device half* out [[buffer(1)]], uint i [[thread_position_in_grid]]) {
    half x = a[3 * i], y = a[3 * i + 1], z = a[3 * i + 2];
    device half* o = out + 8 * i;
    o[0] = fmin3(x, y, z);
    o[1] = fmax3(x, y, z);
    o[2] = fmedian3(x, y, z);
    o[3] = min3(x, y, z);
    o[4] = max3(x, y, z);
    o[5] = median3(x, y, z);
    o[6] = fma(x, y, z);
    o[7] = clamp(x, y, z);
}
