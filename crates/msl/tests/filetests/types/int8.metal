//! grid = 8
//! group = 8
//! in.0 = "i8 127 -128 -1 100 5 -77 0 64"
//! in.1 = "i8 1 -1 -1 100 -3 2 9 64"
//! out.2 = "i8 -128 126 127 -127 127 -127 -128*2 -2 0 1 1 -56 0 16 -100 2 8 -15 -5 -75 -79 102 77 9 -9 0 0 -128 0 0 -64"
//! out.3 = "i32 127*2 63 63 128 32640 -64 64 1 65025 -1 127 10000*2 50 50 -15 1265 2 2 -154 358 -39 89 0*4 4096*2 32 32"
// char and uchar: arithmetic is done in int, stores wrap.
#include <metal_stdlib>
using namespace metal;
kernel void int8(device const char* a [[buffer(0)]], device const char* b [[buffer(1)]], device char* out [[buffer(2)]],
                 device int* wide [[buffer(3)]], uint i [[thread_position_in_grid]]) {
    char x = a[i], y = b[i];
    out[4 * i] = x + y;
    out[4 * i + 1] = x - y;
    out[4 * i + 2] = x * y;
    out[4 * i + 3] = -x;
    uchar ux = x, uy = y;
    wide[4 * i] = x * y;
    wide[4 * i + 1] = ux * uy;
    wide[4 * i + 2] = x >> 1;
    wide[4 * i + 3] = ux >> 1;
}
