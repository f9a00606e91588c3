//! grid = 50
//! group = 50
//! out.0 = "i32 7 4 17 -6 -6 52 5 7 24 -4 -7 83 0 8 104 -8 0 52 -6 6 78 -8 2 26 -4 7 105 -8 3 73 -3 8 19 -2 -8 92 -8 3 43 2 -8 54 6 -6 26 3 8 149 -8 1 29 8 -1 65 8 1 31 -4 7 93 4 7 61 -6 6 28 -7 4 43 -8 -3 23 -4 7 13 4 7 147 -8 1 59 -1 8 51 1 8 39 4 7 41 -7 5 128 -8 -1 133 1 8 25 -3 -8 149 8 -1 39 2 -8 74 4 -7 37 6 -6 46 8 -2 142 0 -8 14 0 8 84 2 -8 60 -7 -4 47 -3 8 17 -8 3 47 7 4 85 8 1 63 -1 -7 200 -6 6 42 7 5 36"
// Integer hashing, a switch in a loop with two exits.
#include <metal_stdlib>
using namespace metal;
struct Random {
    uint state;
    uint next() thread {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        return state;
    }
};
kernel void walk(device packed_int3* out [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    Random random = {i * 2654435761u + 1};
    int2 at = 0;
    int k = 0;
    for (; k < 200; ++k) {
        if (dot(float2(at), float2(at)) >= 64.0f) break;
        switch (random.next() >> 30) {
            case 0: at.x++; break;
            case 1: at.x--; break;
            case 2: at.y++; break;
            default: at.y--;
        }
    }
    out[i] = int3(at, k);
}
