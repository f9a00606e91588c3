//! math = "safe"
//! grid = 8
//! in.0 = "f16 1.5 -0.375 6.1e-05 6e-08 65500 -0 inf 100"
//! in.1 = "i32 3 -20 1 10 1 4 -1 -17"
//! out.2 = "f16 0.75 12 0.5 1.499 -0.75 -3.6e-07 -0.375 -0.3748 0.999 0.00012195 6.1e-05 6.104e-05 0.5 6.104e-05 6e-08 1e-07 0.9995 inf 0 65470 -0 -0 -0 6e-08 inf inf 0 65500 0.7812 0.000763 0 99.94"
//! out.3 = "i32 1 0 -1 -2 -14 -15 -23 -24 16 15 0 -2147483648 0 2147483647 7 6"
// frexp, ldexp, modf, nextafter and ilogb of half, whose subnormal numbers are larger than float's.
#include <metal_stdlib>
using namespace metal;
kernel void run(device const half* in [[buffer(0)]], device const int* k [[buffer(1)]], device half4* out [[buffer(2)]],
                device int2* exponents [[buffer(3)]], uint i [[thread_position_in_grid]]) {
    int e;
    half whole;
    half x = in[i], fraction = frexp(x, e);
    out[i] = half4(fraction, ldexp(x, k[i]), modf(x, whole), nextafter(x, 1.0h));
    exponents[i] = int2(e, ilogb(x));
}
