//! grid = 40
//! group = 40
//! in.0 = "i32 -6 7 -3 10 0 -10 3 -7 6 -4 9 -1 -11 2 -8 5 -5 8 -2 11 1 -9 4 -6 7 -3 10 0 -10 3 -7 6 -4 9 -1 -11 2 -8 5 -5"
//! out.1 = "f16 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 -13 9 -13 9 -13 9 -13 9 -13 9 -13 9 -13 9 -13 9"
//! out.2 = "i16 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 -13 9 -13 9 -13 9 -13 9 -13 9 -13 9 -13 9 -13 9"
//! out.3 = "f32 0*128 -13 13 -26 -13*2 13 -26 -13*2 13 -26 -13*2 13 -26 -13*2 13 -26 -13*2 13 -26 -13*2 13 -26 -13*2 13 -26 -13"
//! out.4 = "i8 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 0 11 -13 9 -13 9 -13 9 -13 9 -13 9 -13 9 -13 9 -13 9"
//! out.5 = "u64 1580547964928*32 386547056640*8"
//! out.6 = "bf16 11*32 9*8"
// Types other than int and float, and vectors.
#include <metal_stdlib>
using namespace metal;
kernel void types(device const int* in [[buffer(0)]], device half2* halves [[buffer(1)]], device short2* shorts [[buffer(2)]],
                  device float4* floats [[buffer(3)]], device char2* chars [[buffer(4)]], device ulong* longs [[buffer(5)]],
                  device bfloat* bfloats [[buffer(6)]], uint i [[thread_position_in_grid]]) {
    int x = in[i];
    halves[i] = half2(simd_sum(half(x)), simd_max(half(x)));
    shorts[i] = short2(simd_sum(short(x)), simd_max(short(x)));
    floats[i] = simd_sum(float4(x, -x, 2 * x, x));
    chars[i] = char2(simd_sum(char(x)), simd_max(char(x)));
    longs[i] = ulong(simd_sum(long(abs(x)) << 33));
    bfloats[i] = simd_max(bfloat(x));
}
