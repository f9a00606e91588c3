//! compile_only = true
// Type traits, with MSL's types and address spaces.
#include <metal_stdlib>
using namespace metal;
static_assert(is_floating_point_v<half> && is_floating_point_v<bfloat> && is_floating_point<float>::value);
static_assert(!is_floating_point_v<int> && !is_floating_point_v<float4>);
static_assert(is_integral_v<uchar> && is_integral_v<bool> && !is_integral_v<half> && is_arithmetic_v<bfloat>);
static_assert(is_scalar_v<float> && is_scalar_v<device int*> && !is_scalar_v<float2>);
static_assert(is_signed_v<char> && is_signed_v<half> && is_unsigned_v<ulong> && !is_unsigned_v<int>);
static_assert(is_same_v<make_unsigned_t<int>, uint> && is_same_v<make_signed_t<ushort>, short>);
static_assert(is_same_v<conditional_t<true, int, float>, int> && is_same_v<conditional_t<false, int, float>, float>);
static_assert(is_same_v<remove_const_t<const int>, int> && is_same_v<remove_cv_t<const volatile int>, int>);
static_assert(is_same_v<remove_reference_t<int&>, int> && is_same_v<remove_pointer_t<int*>, int>);
static_assert(is_same_v<decay_t<const int&>, int> && is_same_v<add_const_t<int>, const int>);
static_assert(is_same_v<common_type_t<int, float>, float> && is_same_v<underlying_type_t<mem_flags>, uint>);
static_assert(is_pointer_v<device float*> && is_array_v<int[3]> && is_class_v<float4> && is_enum_v<mem_flags>);
static_assert(is_void_v<void> && is_const_v<const int> && is_reference_v<int&> && extent_v<int[7]> == 7);
static_assert(conjunction_v<true_type, bool_constant<true>> && !conjunction_v<true_type, false_type>);
static_assert(disjunction_v<false_type, true_type> && negation_v<false_type>);
static_assert(integral_constant<int, 5>::value == 5 && integral_constant<int, 5>() == 5);
static_assert(is_base_of_v<true_type, is_same<int, int>> && alignment_of_v<float3> == 16);

template <typename T, typename = enable_if_t<is_integral_v<T>>>
constexpr int kind(T) {
    return 1;
}
template <typename T, enable_if_t<is_floating_point_v<T>, int> = 0>
constexpr int kind(T) {
    return 2;
}
static_assert(kind(1) == 1 && kind(1.0h) == 2);

// Users may define what Metal does not.
template <typename...>
using void_t = void;
template <typename T>
T&& forward(remove_reference_t<T>& x) {
    return static_cast<T&&>(x);
}
float erf(float x) { return x; }
float expm1(float x) { return x; }
namespace metal {
template <typename T>
struct is_empty : bool_constant<__is_empty(T)> {};
template <typename T>
constexpr constant bool is_empty_v = is_empty<T>::value;
bfloat exp(bfloat x) { return x; }
}
kernel void uses(device float* p [[buffer(0)]]) {
    float x = erf(p[0]) + expm1(p[1]);
    p[2] = forward<float>(x) + float(exp(bfloat(p[3])));
}
