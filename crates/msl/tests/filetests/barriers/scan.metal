//! grid = 150
//! group = 64
//! in.0 = "i32 3 4 7 1 8 6 6 8 1 7 4 3 4 7 1 8 6 6 8 1 7 4 3 4 7 1 8 6 6 8 1 7 4 3 4 7 1 8 6 6 8 1 7 4 3 4 7 1 8 6 6 8 1 7 4 3 4 7 1 8 6 6 8 1 7 4 3 4 7 1 8 6 6 8 1 7 4 3 4 7 1 8 6 6 8 1 7 4 3 4 7 1 8 6 6 8 1 7 4 3 4 7 1 8 6 6 8 1 7 4 3 4 7 1 8 6 6 8 1 7 4 3 4 7 1 8 6 6 8 1 7 4 3 4 7 1 8 6 6 8 1 7 4 3 4 7 1 8 6 6"
//! out.1 = "i32 3 7 14 15 23 29 35 43 44 51 55 58 62 69 70 78 84 90 98 99 106 110 113 117 124 125 133 139 145 153 154 161 165 168 172 179 180 188 194 200 208 209 216 220 223 227 234 235 243 249 255 263 264 271 275 278 282 289 290 298 304 310 318 319 7 11 14 18 25 26 34 40 46 54 55 62 66 69 73 80 81 89 95 101 109 110 117 121 124 128 135 136 144 150 156 164 165 172 176 179 183 190 191 199 205 211 219 220 227 231 234 238 245 246 254 260 266 274 275 282 286 289 293 300 301 309 315 321 8 9 16 20 23 27 34 35 43 49 55 63 64 71 75 78 82 89 90 98 104 110"
//! [[run]]
//! kernel = "hillis_steele"
//! [[run]]
//! kernel = "blelloch"
// Prefix sums of each threadgroup's values: two buffers in turn, and the work-efficient up and down sweep.
#include <metal_stdlib>
using namespace metal;
kernel void hillis_steele(device const int* in [[buffer(0)]], device int* out [[buffer(1)]],
                          uint i [[thread_position_in_grid]], uint t [[thread_position_in_threadgroup]]) {
    threadgroup int shared[2][64];
    uint from = 0;
    shared[from][t] = in[i];
    threadgroup_barrier(mem_flags::mem_threadgroup);
    for (uint step = 1; step < 64; step <<= 1) {
        uint to = 1 - from;
        shared[to][t] = shared[from][t] + (t >= step ? shared[from][t - step] : 0);
        from = to;
        threadgroup_barrier(mem_flags::mem_threadgroup);
    }
    out[i] = shared[from][t];
}
kernel void blelloch(device const int* in [[buffer(0)]], device int* out [[buffer(1)]],
                     uint i [[thread_position_in_grid]], uint t [[thread_position_in_threadgroup]],
                     uint n [[threads_per_threadgroup]]) {
    threadgroup int shared[64];
    for (uint k = t; k < 64; k += n) shared[k] = 0;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    int mine = in[i];
    shared[t] = mine;
    uint step = 1;
    for (uint d = 32; d > 0; d >>= 1) {
        threadgroup_barrier(mem_flags::mem_threadgroup);
        for (uint k = t; k < d; k += n) shared[step * (2 * k + 2) - 1] += shared[step * (2 * k + 1) - 1];
        step *= 2;
    }
    if (t == 0) shared[63] = 0;
    for (uint d = 1; d < 64; d *= 2) {
        step >>= 1;
        threadgroup_barrier(mem_flags::mem_threadgroup);
        for (uint k = t; k < d; k += n) {
            uint a = step * (2 * k + 1) - 1, b = step * (2 * k + 2) - 1;
            int left = shared[a];
            shared[a] = shared[b];
            shared[b] += left;
        }
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    out[i] = shared[t] + mine;
}
