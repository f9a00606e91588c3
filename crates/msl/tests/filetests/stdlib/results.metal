//! compile_only = true
// The types of results, and which overload is chosen.
#include <metal_stdlib>
using namespace metal;
template <typename T, typename U>
constexpr bool same(U) {
    return is_same_v<T, U>;
}
#define RESULT(type, expression) static_assert(is_same_v<type, decltype(expression)>)
constant float f = 1;
constant half h = 1.0h;
constant bfloat b = 1.0bf;
constant int i = 1;
constant uint u = 1;
constant short s = 1;
constant float4 f4 = 1;
constant half3 h3 = 1;
constant bfloat2 b2 = 1;
constant int4 i4 = 1;
constant uint4 u4 = 1;
constant packed_float3 p3 = 1;

// Literals without suffix are float.
RESULT(float, 1.0);
RESULT(half, 1.0h);
RESULT(bfloat, 1.0bf);
RESULT(float, f * 2.0);
RESULT(float, h * 2.0);
RESULT(half, h * 2.0h);
RESULT(float, h * f);
RESULT(float, b * f);

// Functions keep the type of their arguments.
RESULT(float, exp(f));
RESULT(half, exp(h));
RESULT(bfloat, exp(b));
RESULT(float4, exp(f4));
RESULT(half3, exp(h3));
RESULT(bfloat2, exp(b2));
RESULT(float3, exp(p3));
RESULT(float, pow(f, 2));
RESULT(float, pow(f, 2.0));
RESULT(half, pow(h, 2.0h));
RESULT(float4, pow(f4, 2));
RESULT(float4, pow(2.0, f4));
RESULT(float, max(0.0f, f));
RESULT(float, max(f, 0.0));
RESULT(int, max(i, 0));
RESULT(uint, max(u, 0u));
RESULT(short, max(s, s));
RESULT(half, max(h, 0.0h));
RESULT(bfloat, max(b, b));
RESULT(float4, max(f4, 0));
RESULT(int4, min(i4, 3));
RESULT(float3, max(p3, 0));
RESULT(float3, max(p3, p3));
RESULT(float, clamp(f, 0.0, 1.0));
RESULT(int, clamp(i, 0, 1));
RESULT(half, clamp(h, 0.0h, 1.0h));
RESULT(float4, clamp(f4, 0, 1));
RESULT(uint4, clamp(u4, 0, 1));
RESULT(float, mix(f, f, 0.5));
RESULT(half3, mix(h3, h3, 0.5h));
RESULT(float4, smoothstep(0, 1, f4));
RESULT(float, saturate(f));
RESULT(int, abs(i));
RESULT(uint, abs(u));
RESULT(float, abs(f));
RESULT(half3, abs(h3));
RESULT(uint, absdiff(i, i));
RESULT(uint4, absdiff(i4, i4));
RESULT(int, clz(i));
RESULT(short, popcount(s));
RESULT(uint4, rotate(u4, u4));
RESULT(float, dot(f4, f4));
RESULT(float, dot(p3, p3));
RESULT(half, length(h3));
RESULT(float3, normalize(p3));
RESULT(float3, cross(p3, p3));
RESULT(bool, isnan(f));
RESULT(bool4, isnan(f4));
RESULT(bool3, isinf(h3));
RESULT(bool4, f4 < 1);
RESULT(bool4, !f4);
RESULT(bool4, i4 == u4.x && f4 > 0);
RESULT(bool, all(f4 > 0));
RESULT(float4, select(f4, f4, f4 > 0));
RESULT(int, select(i, i, true));
RESULT(int, ilogb(f));
RESULT(int4, ilogb(f4));
RESULT(float, fast::exp(f));
RESULT(half, precise::sqrt(h));
RESULT(float4, fast::clamp(f4, 0, 1));
RESULT(float4, precise::normalize(f4));

// Operators.
RESULT(float4, f4 * 2);
RESULT(float4, 2 * f4);
RESULT(half3, h3 * 2.0);
RESULT(int4, i4 << 2);
RESULT(int4, i4 << u4);
RESULT(int4, i4 >> 1u);
RESULT(int4, ~i4);
RESULT(float3, p3 * 2);
RESULT(float3, p3 + p3);
RESULT(float3, p3 * float3(1));
RESULT(float2, f4.xy);
RESULT(float, f4.x);
RESULT(float4x4, float4x4(1) * float4x4(1));
RESULT(float3x2, float2x2(1) * float3x2(1));
RESULT(float4, float4x4(1) * f4);
RESULT(float2, float3() * float2x3(1));

// Across the SIMD-group.
RESULT(float, simd_sum(f));
RESULT(half3, simd_sum(h3));
RESULT(bfloat, simd_max(b));
RESULT(ushort, simd_shuffle(ushort(1), 2));
RESULT(uint4, simd_broadcast(u4, 3));
RESULT(int, quad_sum(i));
RESULT(ulong, simd_vote::vote_t(simd_ballot(true)));

// What converts, and what does not.
static_assert(is_convertible_v<float, float4> && is_convertible_v<int, float4> && is_convertible_v<packed_float3, float3>);
static_assert(is_convertible_v<float3, packed_float3>);
static_assert(!is_convertible_v<int4, float4> && is_constructible_v<float4, int4>);
static_assert(!is_convertible_v<half3, float3> && is_constructible_v<float3, half3> && is_constructible_v<bfloat2, half2>);
static_assert(!is_constructible_v<float4, float3> && !is_constructible_v<float3, float4>);
static_assert(!is_constructible_v<float4, float, float> && !is_constructible_v<float3, float, float>);
static_assert(!is_constructible_v<float2, float, float, float> && !is_constructible_v<float4, float3, float2>);
static_assert(!is_constructible_v<float4, int2, float2> && !is_convertible_v<float4, float> && !is_convertible_v<float4, bool>);
static_assert(is_constructible_v<float4, float3, float> && is_constructible_v<float4, float, float2, float>);
static_assert(is_constructible_v<float4, packed_float3, int> && is_constructible_v<float3, float, float2>);
static_assert(is_constructible_v<bool4, int4> && is_constructible_v<int4, bool4> && !is_convertible_v<bool4, int4>);
static_assert(is_constructible_v<float3, packed_half3> && is_constructible_v<packed_half3, float3>);
static_assert(!is_convertible_v<half4x4, float4x4> && is_constructible_v<float4x4, half4x4>);
static_assert(!is_constructible_v<float2x2, float2x3> && is_constructible_v<float2x2, float, float, float, float>);
