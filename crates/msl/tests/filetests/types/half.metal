//! math = "safe"
//! grid = 6
//! group = 6
//! in.0 = "f16 1 0.0999755859375 2048 65504 6.097555160522461e-05 -3.69921875"
//! in.1 = "f16 0.333251953125 0.199951171875 1 65504 0.5 1.099609375"
//! out.2 = "f16 1.3330078125 0.6669921875 0.333251953125 3 0.2998046875 -0.0999755859375 0.019989013671875 0.5 2048 2047 2048*2 inf 0 inf 1 0.5 -0.5 3.0517578125e-05 0.00012195110321044922 -2.599609375 -4.796875 -4.06640625 -3.36328125"
//! out.3 = "f32 0.333251953125 0.019990235567092896 2048 4290774016 3.0487775802612305e-05 -4.067695617675781"
//! out.4 = "f16 3.666015625 1.0087890625 inf*2 0.5 6.1875"
//! out.5 = "i32 1 0 3 7 1 3"
// half: each operation rounds to half; values widened to float do not.
#include <metal_stdlib>
using namespace metal;
kernel void halves(device const half* a [[buffer(0)]], device const half* b [[buffer(1)]], device half4* out [[buffer(2)]],
                   device float* wide [[buffer(3)]], device half* chain [[buffer(4)]], device int* ints [[buffer(5)]],
                   uint i [[thread_position_in_grid]]) {
    half x = a[i], y = b[i];
    out[i] = half4(x + y, x - y, x * y, x / y);
    wide[i] = float(x) * float(y);
    half z = x + 1.0h;
    chain[i] = z * z - y;
    ints[i] = abs(y) < 10000.0h ? int(y * 3.0h) : 7;
}
