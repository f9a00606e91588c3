//! [[run]]
//! kernel = "wraps"
//! in.0 = "i32 2147483647 -2147483648"
//! in.1 = "i64 9223372036854775807 -9223372036854775808"
//! out.2 = "i32 0 -2147483648 -1 -2147483648 0 0 0 3 -32768"
//! out.3 = "i64 0 -9223372036854775808 -9223372036854775808 -2 0"
//! [[run]]
//! kernel = "guarded"
//! grid = 64
//! group = 32
//! bytes.1 = "i32 268435457"
//! in.4 = "i32 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19"
//! out.5 = "i32 -1 -1 -1 -1 -1 -1 -1 -1 0 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 16 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1"
// Signed integers wrap around: a guard on what has wrapped holds for the access behind it.
#include <metal_stdlib>
using namespace metal;
kernel void wraps(device const int* a [[buffer(0)]], device const long* b [[buffer(1)]],
                  device int* out [[buffer(2)]], device long* wide [[buffer(3)]]) {
    int most = a[0], least = a[1];
    out[0] = most + 1 > most;
    out[1] = most + 1;
    out[2] = most * 2 / 2;
    out[3] = -least;
    out[4] = least - 1 < least;
    out[5] = long(most + 1) == long(most) + 1;
    int next = most;
    next++;
    out[6] = next > most;
    // Once past the greatest number it ends.
    int rounds = 0;
    for (int i = most - 2; i > 0; i++) rounds++;
    out[7] = rounds;
    short narrow = short(most >> 16);
    narrow++;
    out[8] = narrow;
    wide[0] = b[0] + 1 > b[0];
    wide[1] = b[0] + 1;
    wide[2] = -b[1];
    wide[3] = b[0] * 2;
    wide[4] = b[0] * 2 / 2 == b[0];
}
kernel void guarded(device const int* in [[buffer(4)]], constant int& factor [[buffer(1)]],
                    device int* out [[buffer(5)]], uint id [[thread_position_in_grid]]) {
    int i = (int(id) - 8) * factor;
    out[id] = i >= 0 && i < 20 ? in[i] : -1;
}
