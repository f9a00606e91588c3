//! kernel = "widening"
//! bytes.1 = "u32 70000"
//! out.0 = "u64 605032704 4900000000 18446744073709481616 4294897296"
//! out.2 = "i32 1 0 1 1"
// When operands are widened, and how mixed signs compare.
#include <metal_stdlib>
using namespace metal;
kernel void widening(device ulong* out [[buffer(0)]], constant uint& n [[buffer(1)]], device int* cmp [[buffer(2)]]) {
    out[0] = n * n;
    out[1] = ulong(n) * n;
    out[2] = -int(n);
    out[3] = uint(-int(n));
    int minus = -int(n);
    cmp[0] = uint(minus) > n;
    cmp[1] = minus > int(n);
    ushort s = ushort(n);
    cmp[2] = s == 70000 - 65536;
    cmp[3] = (long)minus < (long)n;
}
