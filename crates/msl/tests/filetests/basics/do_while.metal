//! kernel = "collatz"
//! grid = 40
//! group = 32
//! out.0 = "u32 1 7 2 5 8 16 3 19 6 14 9 9 17 17 4 12 20 20 7 7 15 15 10 23 10 111 18*3 106 5 26 13 13 21*3 34 8 109"
// A loop whose number of rounds differs widely between threads.
#include <metal_stdlib>
using namespace metal;
kernel void collatz(device uint* steps [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    uint n = i + 2, k = 0;
    do {
        n = (n % 2 == 0) ? n / 2 : 3 * n + 1;
        k++;
    } while (n != 1);
    steps[i] = k;
}
