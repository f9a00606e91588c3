//! kernel = "literals"
//! math = "safe"
//! out.0 = "f32 0.10000000149011612 0.0999755859375 0.5 1e10 0.10000000149011612 15"
//! out.1 = "i64 3735928559 11 1099511627776 65 8 -2147483648 4294967295 1000000"
//! out.2 = "u32 4 2 4 8 8 4 4"
// Literals and their types: a decimal without suffix is a float, not a double.
#include <metal_stdlib>
using namespace metal;
kernel void literals(device float* f [[buffer(0)]], device long* n [[buffer(1)]], device uint* sizes [[buffer(2)]]) {
    f[0] = 0.1;
    f[1] = 0.1h;
    f[2] = .5f;
    f[3] = 1e10F;
    f[4] = 0.1f;
    f[5] = 0x1.ep3f;
    n[0] = 0xDEADBEEF;
    n[1] = 0b1011;
    n[2] = 1L << 40;
    n[3] = 'A';
    n[4] = 010;
    n[5] = -2147483647 - 1;
    n[6] = ~0u;
    n[7] = 1'000'000;
    sizes[0] = sizeof(0.1);
    sizes[1] = sizeof(0.1h);
    sizes[2] = sizeof(1);
    sizes[3] = sizeof(1ul);
    sizes[4] = sizeof(sizeof(int));
    sizes[5] = sizeof(1u);
    sizes[6] = sizeof(0.1 * 2.0);
}
