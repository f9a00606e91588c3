//! grid = 4
//! group = 4
//! in.0 = "i32 1 -2147483648 0 -7"
//! in.1 = "i32 0 -1 0 0"
//! in.2 = "i64 1 -9223372036854775808 0 -7"
//! in.3 = "i64 0 -1 0 0"
//! zero.5 = "i64 4"
//! out.4 = "i32 1*4"
// Division by zero and the overflowing division give some value, and never stop the process. What value is
// not specified, so only that the kernel goes on is checked.
#include <metal_stdlib>
using namespace metal;
kernel void division(device const int* a [[buffer(0)]], device const int* b [[buffer(1)]],
                     device const long* c [[buffer(2)]], device const long* d [[buffer(3)]], device int* out [[buffer(4)]],
                     device long* sink [[buffer(5)]], uint i [[thread_position_in_grid]]) {
    long all = a[i] / b[i];
    all ^= a[i] % b[i];
    all ^= uint(a[i]) / uint(b[i]);
    all ^= uint(a[i]) % uint(b[i]);
    all ^= c[i] / d[i];
    all ^= c[i] % d[i];
    all ^= ulong(c[i]) / ulong(d[i]);
    all ^= ulong(c[i]) % ulong(d[i]);
    all ^= short(a[i]) / short(b[i]);
    all ^= char(a[i]) % char(b[i]);
    int4 v = int4(a[i]) / int4(b[i]);
    all ^= v.x ^ (int4(a[i]) % int4(b[i])).w;
    sink[i] = all;
    out[i] = 1;
}
