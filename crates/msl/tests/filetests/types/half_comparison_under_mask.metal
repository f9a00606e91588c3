//! math = "safe"
//! grid = 64
//! group = 64
//! in.1 = "f16 1 2 3 4 -1 nan 0 8 1 2 3 4 -1 nan 0 8 1 2 3 4 -1 nan 0 8 1 2 3 4 -1 nan 0 8 1 2 3 4 -1 nan 0 8 1 2 3 4 -1 nan 0 8 1 2 3 4 -1 nan 0 8 1 2 3 4 -1 nan 0 8"
//! in.2 = "i32 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7"
//! out.0 = "i32 1 1 1 1 0 0 0 1 1 1 1 1 0 0 0 1 1 1 1 1 0 0 0 1 1 1 1 1 0 0 0 1 1 1 1 1 0 0 0 1 1 1 1 1 0 0 0 1 1 1 1 1 0 0 0 1 1 1 1 1 0 0 0 1"
#include <metal_stdlib>
using namespace metal;
kernel void half_comparison(device int* out [[buffer(0)]], device const half* h [[buffer(1)]], device const int* in [[buffer(2)]],
                            uint3 q [[thread_position_in_grid]], uint3 g [[threads_per_grid]], uint lid [[thread_index_in_threadgroup]]) {
    uint gid = (q.z * g.y + q.y) * g.x + q.x;
    if (h[lid] >= half(1)) {
        int w = half(0) <= h[gid] ? 1 : in[(lid * 15) & 63];
        out[gid] = w;
    }
}
