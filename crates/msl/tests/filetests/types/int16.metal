//! grid = 6
//! group = 6
//! in.0 = "i16 32767 -32768 -1 12345 300 -77"
//! in.1 = "i16 1 -1 -1 -4321 300 2"
//! out.2 = "i16 -32768 32767 32766 -32768 32767 -32768 32767*2 -2 1 0 0 8024 3559 -8410 -12346 600 24464 0 -301 -75 -154 -79 76"
//! out.3 = "u16 32768 32767 0 4095 32767 0 32768 4096 65534 1 0 8191 8024 0 12345 1543 600 1 0 37 65461 32729 1 8182"
// short and ushort, and vectors of them.
#include <metal_stdlib>
using namespace metal;
kernel void int16(device const short* a [[buffer(0)]], device const short* b [[buffer(1)]], device short4* out [[buffer(2)]],
                  device ushort4* uout [[buffer(3)]], uint i [[thread_position_in_grid]]) {
    short x = a[i], y = b[i];
    out[i] = short4(x + y, x * y, x ^ y, ~x);
    ushort ux = x, uy = y;
    uout[i] = ushort4(ux + uy, ux / uy, ux % uy, ux >> 3);
}
