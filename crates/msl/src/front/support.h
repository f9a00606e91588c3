// What rewritten source relies on; precompiled together with <metal_stdlib>.
#pragma once
#pragma clang system_header

#include <metal_stdlib>

// A function constant's companion that says whether it has a value.
#define __MSL_FUNCTION_CONSTANT_DEFINED(name) __msl_fcd_##name

// A function constant's type as reflection reads it: the scalar's position in Rust's ScalarType::ALL, and 256 times
// the number of components.
template <typename T> struct __msl_no_type_code {
    static_assert(!__is_same(T, T), "a function constant must have a scalar or vector type");
    static constexpr int value = 0;
};
template <typename T> constexpr int __msl_type_code = __msl_no_type_code<T>::value;
template <typename T> constexpr int __msl_type_code<const T> = __msl_type_code<T>;
template <typename T> constexpr int __msl_type_code<constant T> = __msl_type_code<T>;
template <typename T, int N>
constexpr int __msl_type_code<metal::vec<T, N>> = __msl_type_code<T> - 256 + 256 * N;
#define __MSL_TYPE_CODE(type, code) template <> inline constexpr int __msl_type_code<type> = 256 + code;
__MSL_TYPE_CODE(bool, 0)
__MSL_TYPE_CODE(char, 1)
__MSL_TYPE_CODE(signed char, 1)
__MSL_TYPE_CODE(unsigned char, 2)
__MSL_TYPE_CODE(short, 3)
__MSL_TYPE_CODE(unsigned short, 4)
__MSL_TYPE_CODE(int, 5)
__MSL_TYPE_CODE(unsigned, 6)
__MSL_TYPE_CODE(long, 7)
__MSL_TYPE_CODE(unsigned long, 8)
__MSL_TYPE_CODE(_Float16, 9)
__MSL_TYPE_CODE(__bf16, 10)
__MSL_TYPE_CODE(float, 11)
#undef __MSL_TYPE_CODE

// Both sides of a conditional operator, where they differ in address space or qualifiers.
template <typename T>
inline __attribute__((always_inline)) constexpr T __msl_rvalue(T value) {
    return value;
}

template <typename T> constexpr bool __msl_is_half = false;
template <> inline constexpr bool __msl_is_half<_Float16> = true;
template <typename T> constexpr bool __msl_is_bfloat = false;
template <> inline constexpr bool __msl_is_bfloat<__bf16> = true;

// `static_cast`, which clang refuses between half and bfloat.
template <typename To, typename From>
inline __attribute__((always_inline)) constexpr To __msl_static_cast(From value) {
    if constexpr ((__msl_is_half<__remove_cv(To)> && __msl_is_bfloat<__remove_cv(From)>) ||
                  (__msl_is_bfloat<__remove_cv(To)> && __msl_is_half<__remove_cv(From)>))
        return static_cast<To>(static_cast<float>(value));
    else
        return static_cast<To>(value);
}

// Types that MSL lacks: usable, so that one use is one error. The names are unsupported.rs's.
#define __MSL_UNSUPPORTED(name, type) \
    typedef type __msl_unsupported_##name __attribute__((unavailable("not in Metal")));
__MSL_UNSUPPORTED(double, float)
__MSL_UNSUPPORTED(long__msl_blankdouble, float)
__MSL_UNSUPPORTED(__float128, float)
__MSL_UNSUPPORTED(_Float128, float)
__MSL_UNSUPPORTED(__ibm128, float)
__MSL_UNSUPPORTED(__int128, long)
__MSL_UNSUPPORTED(__int128_t, long)
__MSL_UNSUPPORTED(__uint128_t, unsigned long)
__MSL_UNSUPPORTED(long__msl_blanklong, long)
__MSL_UNSUPPORTED(signed__msl_blanklong__msl_blanklong, long)
__MSL_UNSUPPORTED(unsigned__msl_blanklong__msl_blanklong, unsigned long)
#undef __MSL_UNSUPPORTED
