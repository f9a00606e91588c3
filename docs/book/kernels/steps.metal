#include <metal_stdlib>
using namespace metal;

// How often each number of a table can be halved or tripled until it is 1.
kernel void steps(device const uint *table [[buffer(0)]],
                  device const uint *index [[buffer(1)]],
                  device uint *count       [[buffer(2)]],
                  uint i [[thread_position_in_grid]]) {
    uint n = table[index[i]];
    uint steps = 0;
    while (n != 1) {
        if (n % 2 == 0)
            n /= 2;
        else
            n = 3 * n + 1;
        steps++;
    }
    count[i] = steps;
}
