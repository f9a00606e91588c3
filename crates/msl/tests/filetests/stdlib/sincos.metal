//! grid = 5
//! in.0 = "f32 -2 -0.5 0.1 1 2.5"
//! out.1 = "f32 ~4ulp -0.9092974 -0.41614684 -0.47942555 0.87758255 0.09983342 0.9950042 0.84147096 0.5403023 0.5984721 -0.8011436"
//! out.2 = "f32 ~4ulp -0.9092974 -0.41614684 -0.47942555 0.87758255 0.09983342 0.9950042 0.84147096 0.5403023 0.5984721 -0.8011436"
//! out.3 = "f16 ~1ulp -0.909 -0.4163 -0.4795 0.8774 0.09985 0.995 0.8413 0.5405 0.5986 -0.8013"
// Two results, of scalars and vectors. MSL allows 4 ulp; half rounds once.
#include <metal_stdlib>
using namespace metal;
kernel void run(device const float* in [[buffer(0)]], device float2* out [[buffer(1)]], device float2* vectors [[buffer(2)]],
                device half2* halves [[buffer(3)]], uint i [[thread_position_in_grid]]) {
    float c, s = sincos(in[i], c);
    out[i] = float2(s, c);
    float2 cs, ss = sincos(float2(in[i], 0), cs);
    vectors[i] = float2(ss.x, cs.x);
    half hc, hs = sincos(half(in[i]), hc);
    halves[i] = half2(hs, hc);
}
