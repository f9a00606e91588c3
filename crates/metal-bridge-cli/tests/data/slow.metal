#include <metal_stdlib>
using namespace metal;

kernel void slow(device const uint *next [[buffer(0)]], device uint *out [[buffer(1)]],
                 uint i [[thread_position_in_grid]]) {
    uint at = i;
    do {
        at = next[at];
    } while (at > i);
    if (at & 1) {
        out[i] = at;
        out[i + 1] = at;
    }
}
