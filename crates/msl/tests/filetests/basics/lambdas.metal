//! grid = 4
//! group = 4
//! out.0 = "i32 1 14 27 40"
// Lambdas, which Metal 4 has, with captures and as template arguments.
#include <metal_stdlib>
using namespace metal;
template <typename F>
int apply_twice(F f, int x) { return f(f(x)); }
kernel void lambdas(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    int factor = 3, calls = 0;
    auto times = [factor](int x) { return factor * x; };
    auto count = [&](int x) {
        calls += 1;
        return x;
    };
    int r = times(int(i)) + apply_twice([=](int x) { return x + int(i) * 5; }, 0);
    count(r);
    out[i] = r + calls;
}
