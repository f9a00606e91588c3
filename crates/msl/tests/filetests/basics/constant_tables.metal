//! grid = 8
//! group = 8
//! out.0 = "f32 1.5 -10 9.75 32 3 -12 3.25 40"
//! out.1 = "i32 8 17 29 8 17 29 8 17"
//! out.2 = "u8 109 101 116 97 108 32 98 114"
// Tables at program scope, inside functions, and as static members.
#include <metal_stdlib>
using namespace metal;

constant float table[] = {1.5f, -2.0f, 3.25f, 8.0f};
constant int grid[2][3] = {{1, 2, 3}, {4, 5, 6}};
struct Pair {
    int a, b;
};
constant Pair pairs[3] = {{10, 1}, {20, 2}, {30, 3}};
constant uchar text[] = {'m', 'e', 't', 'a', 'l', ' ', 'b', 'r', 'i', 'd', 'g', 'e'};
struct Limits {
    static constexpr constant int size = 3;
};

int second(constant Pair* p) { return p->b; }

kernel void constant_tables(device float* out [[buffer(0)]], device int* out1 [[buffer(1)]],
                            device uchar* out2 [[buffer(2)]], uint i [[thread_position_in_grid]]) {
    out[i] = table[i % 4] * grid[i % 2][i % 3];
    out1[i] = pairs[i % Limits::size].a - second(&pairs[(i + 1) % Limits::size]);
    out2[i] = text[i];
}
