//! math = "safe"
//! in.0 = "f32 1 nan 2 3"
//! out.1 = "bool true false false true false true true false"
//! out.2 = "f32 3 2 1 nan 2 3 2 3"
//! out.3 = "i32 7 8 5 8 7 6"
// isordered, isunordered, all, any, not, and select on bool scalars and vectors.
#include <metal_stdlib>
using namespace metal;
kernel void run(device const float* in [[buffer(0)]], device bool* b [[buffer(1)]], device float* f [[buffer(2)]], device int* n [[buffer(3)]]) {
    float one = in[0], nan = in[1];
    b[0] = isordered(one, in[2]);
    b[1] = isordered(one, nan);
    b[2] = isunordered(one, in[2]);
    b[3] = isunordered(float2(one, nan), in[2]).y;
    bool4 mixed = bool4(true, false, true, true);
    b[4] = all(mixed);
    b[5] = any(mixed);
    b[6] = all(not(bool2(false)));
    b[7] = any(bool3(false));
    f[0] = select(in[2], in[3], true);
    f[1] = select(in[2], in[3], false);
    float4 all4 = float4(in[0], in[1], in[2], in[3]);
    float4 chosen = select(all4, all4.wzyx, bool4(true, false, true, false));
    f[2] = chosen.y != chosen.y ? one : 0.0f;
    f[3] = chosen.y;
    f[4] = chosen.w == 3 ? 2 : 0;
    f[5] = select(float2(in[2]), float2(in[3]), true).y;
    f[6] = select(float2(in[2]), float2(in[3]), false).x;
    f[7] = chosen.x;
    int4 low = int4(1, 2, 5, 6), high = int4(7, 8, 9, 10);
    n[0] = select(low, high, bool4(true)).x;
    n[1] = select(low, high, low < 3).y;
    n[2] = select(low, high, low < 3).z;
    n[3] = select(char2(1, 2), char2(7, 8), bool2(false, true)).y;
    n[4] = select(ulong3(1), ulong3(7), bool3(true, false, false)).x;
    n[5] = select(half4(6), half4(1), 0.5h > half4(1)).w;
}
