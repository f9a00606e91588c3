//! math = "safe"
//! grid = 8
//! group = 8
//! in.0 = "i32 0 1 31 32 33 64 -1 100"
//! in.1 = "i64 0 1 63 64 65 127 -1 32"
//! bytes.2 = "i32 -1898136935"
//! bytes.3 = "i64 -8152436061464415727"
//! out.4 = "i32 -1898136935*3 498693426 -949068468 1198415180 -2147483648 -1 1 -1898136935*3 498693426 -949068468 1198415180 -1898136935*3 -2147483648 -1 1 -305419888 -118633559 149801897"
//! out.5 = "i64 -8152436061464415727*3 2141871950780720162 -4076218030732207864 5147154006122567944 -9223372036854775808 -1 1 -8152436061464415727*3 2141871950780720162 -4076218030732207864 5147154006122567944 -9223372036854775808 -1 1 -9223372036854775808 -1 1 8526495043115024384 -1898136936 2396830360"
//! out.6 = "i32 -1898136935*2 498693426 -949068468 -2147483648 -1 -1898136935*2 498693426 -949068468 -1898136935*2 -2147483648 -1 -305419888 -118633559"
// MSL takes a shift's amount modulo the width of the type, for vectors too.
#include <metal_stdlib>
using namespace metal;
kernel void shifts(device const int* n [[buffer(0)]], device const long* n64 [[buffer(1)]], constant int& v [[buffer(2)]],
                   constant long& v64 [[buffer(3)]], device int* out [[buffer(4)]], device long* out64 [[buffer(5)]],
                   device int2* vectors [[buffer(6)]], uint i [[thread_position_in_grid]]) {
    out[3 * i] = v << n[i];
    out[3 * i + 1] = v >> n[i];
    out[3 * i + 2] = uint(v) >> n[i];
    out64[3 * i] = v64 << n64[i];
    out64[3 * i + 1] = v64 >> n64[i];
    out64[3 * i + 2] = ulong(v64) >> n64[i];
    int2 amounts = int2(n[i]);
    vectors[i] = int2((int2(v) << amounts).x, (int2(v) >> amounts).y);
}
