//! in.0 = "i32 0 1 77 -1"
//! grid = 4
//! group = 4
//! out.1 = "i32 5 6 9 9"
// Values that an enumeration does not list.
#include <metal_stdlib>
using namespace metal;
enum class Kind : int { a, b };
int number(Kind kind) {
    switch (kind) {
        case Kind::a: return 5;
        case Kind::b: return 6;
    }
    return 9;
}
kernel void numbers(device const Kind* kinds [[buffer(0)]], device int* out [[buffer(1)]], uint i [[thread_position_in_grid]]) {
    out[i] = number(kinds[i]);
}
