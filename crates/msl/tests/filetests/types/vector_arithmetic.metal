//! math = "safe"
//! in.0 = "f32 1 -2 3.5 0.25 4 0.5 -1 8"
//! in.1 = "i32 7 -9 12 5 2 4 -5 3"
//! out.2 = "f32 5 -1.5 2.5 8.25 3 -2 -4.5 1 0.25 -4 -3.5 0.03125 1 4 -1.5 1.75 -4 -0.5 1 -8"
//! out.3 = "i32 3 -2 -2 1 1 -1 2*3 4 8 1 -8 8 -13 -6 28 -36 48 20"
//! out.4 = "bool true*2 false true false*2 true false true false*2 true*2 false*3"
//! out.5 = "f32 1 -2 -1 0.25; i32 1 0 1 0"
// Arithmetic, comparisons and logic on vectors go by component; scalars spread.
#include <metal_stdlib>
using namespace metal;
struct Tail {
    float4 low;
    int any_less, all_less, any_seven, none;
};
kernel void arithmetic(device const float4* f [[buffer(0)]], device const int4* n [[buffer(1)]], device float4* fo [[buffer(2)]],
                       device int4* no [[buffer(3)]], device bool4* bo [[buffer(4)]], device Tail& tail [[buffer(5)]]) {
    float4 a = f[0], b = f[1];
    int4 i = n[0], j = n[1];
    fo[0] = a + b;
    fo[1] = a * b - 1.0f;
    fo[2] = a / b;
    fo[3] = 2.0f - a;
    fo[4] = -b;
    no[0] = i / j;
    no[1] = i % j;
    no[2] = i & j;
    no[3] = ~i;
    no[4] = i << 2;
    bool4 less = a < b;
    bo[0] = less;
    bo[1] = !less;
    bo[2] = less && i > 0;
    bo[3] = i == 7;
    tail.low = select(b, a, less);
    tail.any_less = any(less);
    tail.all_less = all(less);
    tail.any_seven = any(i == 7);
    tail.none = all(i == 7);
}
