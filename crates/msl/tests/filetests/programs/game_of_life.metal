//! grid = [21, 13]
//! group = [8, 4]
//! in.0 = "bool false true*2 false*3 true*3 false true*2 false true false*2 true false true*2 false true*4 false*2 true false*3 true*2 false*2 true false true*3 false*4 true*2 false true*2 false*7 true*6 false true false*2 true*2 false true false*2 true*3 false true*4 false*2 true*3 false*4 true*2 false true*11 false true*6 false true*5 false true false true false*4 true*3 false*3 true false true*2 false true false*2 true*2 false*2 true false*5 true*2 false*5 true*3 false*3 true*6 false true*4 false*2 true*7 false*6 true*2 false*3 true*2 false*3 true false true*2 false*3 true false*4 true false true false*3 true false true false*2 true false true*3 false true false*2 true*2 false*4 true false*4 true false*3 true false*3 true false true false true false*3 true false*5 true*4 false*3 true false true*2"
//! out.1 = "bool false*5 true*3 false*5 true*4 false*4 true false*3 true false*4 true*6 false*5 true false*6 true*2 false true false*2 true false*8 true*4 false*4 true false*29 true*2 false*4 true*3 false*13 true*2 false*5 true false true false*5 true false*3 true false*9 true false*8 true*6 false*5 true false*7 true false true false*2 true false*6 true*3 false*8 true*2 false*5 true false*2 true false true false*2 true false true false true*5 false true*3 false*4 true*2 false*3 true false*6 true*2 false*3 true*2 false true false true false true*2 false*4 true*2 false true*2 false*3"
// A stencil whose edges wrap around.
#include <metal_stdlib>
using namespace metal;
kernel void life(device const bool* now [[buffer(0)]], device bool* next [[buffer(1)]], uint2 p [[thread_position_in_grid]],
                 uint2 size [[threads_per_grid]]) {
    int2 s = int2(size);
    uint neighbours = 0;
    for (int dy = -1; dy <= 1; ++dy) {
        for (int dx = -1; dx <= 1; ++dx) {
            if (dx == 0 && dy == 0) continue;
            int2 q = (int2(p) + int2(dx, dy) + s) % s;
            neighbours += now[q.y * s.x + q.x];
        }
    }
    next[p.y * size.x + p.x] = neighbours == 3 || (neighbours == 2 && now[p.y * size.x + p.x]);
}
