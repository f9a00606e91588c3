//! grid = 8
//! group = 8
//! in.0 = "i32 7 -7 7 -7 2147483647 -2147483648 1000003 0"
//! in.1 = "i32 2 2 -2 -2 2 3 999983 5"
//! out.2 = "i32 3 1 14 5 -3 -1 -14 -9 -3 1 -14 9 3 -1 14 -5 1073741823 1 -2 2147483645 -715827882 -2 -2147483648 2147483645 1 20 -741380019 20 0*3 -5"
//! out.3 = "u32 3 1 14 0 2147483644 1 4294967282 1 0 7 4294967282 6 0 4294967289 14 4294967287 1073741823 1 4294967294 0 715827882 2 2147483648 1 1 20 3553587277 232 0*4"
// int and uint: division truncates towards zero; products wrap; mulhi gives the high half.
#include <metal_stdlib>
using namespace metal;
kernel void int32(device const int* a [[buffer(0)]], device const int* b [[buffer(1)]], device int4* out [[buffer(2)]],
                  device uint4* uout [[buffer(3)]], uint i [[thread_position_in_grid]]) {
    int x = a[i], y = b[i];
    out[i] = int4(x / y, x % y, x * y, x - y);
    uint ux = x, uy = y;
    uout[i] = uint4(ux / uy, ux % uy, ux * uy, mulhi(ux, uy));
}
