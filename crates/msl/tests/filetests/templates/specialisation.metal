//! grid = 3
//! group = 3
//! out.0 = "i32 1 2 3 4 10 4 2 120 6 1 2 3 4 11 4 2 120 6 1 2 3 4 12 4 2 120 6"
// Full and partial specialisation, traits, if constexpr, enable_if, variadic templates, template template
// parameters, and recursion at compile time.
#include <metal_stdlib>
using namespace metal;

template <typename T>
struct Kind { static constexpr constant int value = 1; };
template <>
struct Kind<int> { static constexpr constant int value = 2; };
template <typename T>
struct Kind<device T*> { static constexpr constant int value = 3; };
template <typename T>
struct Kind<threadgroup T*> { static constexpr constant int value = 4; };

template <typename T>
int describe(T x) {
    if constexpr (is_same<T, int>::value) {
        return 10 + x;
    } else {
        return x.missing;
    }
}
template <typename T, typename = enable_if_t<is_floating_point<T>::value>>
int width(T) { return sizeof(T); }

int sum() { return 0; }
template <typename First, typename... Rest>
int sum(First first, Rest... rest) { return int(first) + sum(rest...); }

template <int N>
struct Factorial { static constexpr constant int value = N * Factorial<N - 1>::value; };
template <>
struct Factorial<0> { static constexpr constant int value = 1; };

template <template <typename> class Box, typename T>
int open(Box<T> box) { return int(box.content); }
template <typename T>
struct Crate { T content; };

kernel void specialised(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    device int* o = out + 9 * i;
    o[0] = Kind<float>::value;
    o[1] = Kind<int>::value;
    o[2] = Kind<device int*>::value;
    o[3] = Kind<threadgroup float*>::value;
    o[4] = describe(int(i));
    o[5] = width(1.0f);
    o[6] = width(1.0h);
    o[7] = Factorial<5>::value;
    o[8] = sum(1, 2.5f, short(3)) + open(Crate<float>{0.0f});
}
