//! grid = 4
//! group = 4
//! out.0 = "i32 12 2 36 6 8 0 13 0 37 7 8 -1 14 1 38 6 8 -2 15 2 39 7 8 -3"
// Namespaces, enums, unions, bit-fields, constexpr, static_assert, auto, range-for, default arguments, using,
// inheritance, structured bindings, if with initialiser, aggregate initialisation.
#include <metal_stdlib>
using namespace metal;

namespace outer {
namespace inner {
constant constexpr int base = 12;
int add(int a, int b = base) { return a + b; }
}  // namespace inner
using inner::add;
}  // namespace outer

enum class Mode : ushort { a, b, c };
enum Plain { first = 4, second };
static_assert(second == 5, "enumerators count on");

union Bits {
    uint word;
    uchar bytes[4];
};
struct Fields {
    uint low : 3;
    uint high : 5;
};
struct Base {
    int value;
    int get() const { return value; }
};
struct Derived : Base {
    int more;
};
struct Two {
    int first, second;
};
Two make_two(int a, int b) { return {a, b}; }
constexpr int square(int x) { return x * x; }

Mode next(Mode m) { return m == Mode::c ? Mode::a : Mode(int(m) + 1); }

kernel void features(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    device int* o = out + 6 * i;
    o[0] = outer::add(int(i));
    o[1] = int(next(Mode((i + 1) % 3)));
    int sum = 0;
    constexpr int n = square(3);
    int numbers[n];
    for (int k = 0; k < n; ++k) numbers[k] = k;
    for (auto x : numbers) sum += x;
    Bits bits;
    bits.word = i << 8;
    o[2] = sum + bits.bytes[1];
    Fields f;
    f.low = i | 14;
    f.high = 0;
    o[3] = f.low;
    Derived d;
    d.value = 3;
    d.more = 5;
    auto [value, more] = make_two(d.get(), d.more);
    o[4] = value + more;
    if (int k = -int(i); k <= 0) o[5] = k;
}
