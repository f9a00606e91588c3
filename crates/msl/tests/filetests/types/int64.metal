//! grid = 5
//! group = 5
//! in.0 = "i64 9223372036854775807 -9223372036854775808 123456789012345 -1 5000000000"
//! in.1 = "i64 2 7 987654321 3 -3"
//! out.2 = "i64 -9223372036854775807 -2 4611686018427387903 1 -9223372036854775801 -9223372036854775808 -1317624576693539401 -1 123457776666666 -347202392274589015 124999 986541666 2 -3 0 -1 4999999997 -15000000000 -1666666666 2"
//! out.3 = "u64 4611686018427387903 1 1073741823 18446744073708503040 1317624576693539401 1 1073741824 0 124999 986541666 14372 326617479441809408 6148914691236517205 0 2147483647 18446744073708503040 0 5000000000 0 5242880000000000"
// long and ulong; a 32-bit product that is widened too late wraps, one widened first does not.
#include <metal_stdlib>
using namespace metal;
kernel void int64(device const long* a [[buffer(0)]], device const long* b [[buffer(1)]], device long* out [[buffer(2)]],
                  device ulong* uout [[buffer(3)]], uint i [[thread_position_in_grid]]) {
    long x = a[i], y = b[i];
    out[4 * i] = x + y;
    out[4 * i + 1] = x * y;
    out[4 * i + 2] = x / y;
    out[4 * i + 3] = x % y;
    ulong ux = x, uy = y;
    uout[4 * i] = ux / uy;
    uout[4 * i + 1] = ux % uy;
    uout[4 * i + 2] = ux >> 33;
    uout[4 * i + 3] = ux << 20;
}
