//! grid = 12
//! group = 12
//! out.0 = "f32 0 5 23 99 4 13 35 85.5 8 21 47 108 12 29 59 130.5 16 37 71 153 20 45 83 175.5 24 53 95 150 28 61 107 124.5 32 69 119 147 36 77 83 121.5 40 85 47 132 44 45 59 142.5"
// Private variables, arrays and vectors keep their values over several barriers, one of them in a function.
#include <metal_stdlib>
using namespace metal;
int exchange(threadgroup int* shared, int mine, uint at, uint from) {
    shared[at] = mine;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    int r = shared[from];
    threadgroup_barrier(mem_flags::mem_threadgroup);
    return r;
}
kernel void state(device float4* out [[buffer(0)]], uint t [[thread_position_in_threadgroup]]) {
    threadgroup int shared[12];
    int a[4];
    for (int k = 0; k < 4; ++k) a[k] = t * 4 + k;
    float2 f = float2(t * 0.5f, 0);
    for (uint r = 0; r < 3; ++r) {
        int mine = a[r];
        int next = exchange(shared, mine, t, (t + r + 1) % 12);
        shared[t] = mine;
        threadgroup_barrier(mem_flags::mem_threadgroup);
        f.x += shared[(t + 11) % 12] * 0.25f;
        threadgroup_barrier(mem_flags::mem_threadgroup);
        a[(r + 1) % 4] += next;
    }
    out[t] = float4(a[0], a[1], a[2], a[3] + f.x + f.y);
}
