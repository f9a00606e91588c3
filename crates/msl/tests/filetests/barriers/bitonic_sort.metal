//! grid = 128
//! group = 128
//! in.0 = "i32 -87 122 74 26 -22 -70 139 91 43 -5 -53 156 108 60 12 -36 -84 125 77 29 -19 -67 142 94 46 -2 -50 -98 111 63 15 -33 -81 128 80 32 -16 -64 145 97 49 1 -47 -95 114 66 18 -30 -78 131 83 35 -13 -61 148 100 52 4 -44 -92 117 69 21 -27 -75 134 86 38 -10 -58 151 103 55 7 -41 -89 120 72 24 -24 -72 137 89 41 -7 -55 154 106 58 10 -38 -86 123 75 27 -21 -69 140 92 44 -4 -52 -100 109 61 13 -35 -83 126 78 30 -18 -66 143 95 47 -1 -49 -97 112 64 16 -32 -80 129 81 33 -15"
//! out.0 = "i32 -100 -98 -97 -95 -92 -89 -87 -86 -84 -83 -81 -80 -78 -75 -72 -70 -69 -67 -66 -64 -61 -58 -55 -53 -52 -50 -49 -47 -44 -41 -38 -36 -35 -33 -32 -30 -27 -24 -22 -21 -19 -18 -16 -15 -13 -10 -7 -5 -4 -2 -1 1 4 7 10 12 13 15 16 18 21 24 26 27 29 30 32 33 35 38 41 43 44 46 47 49 52 55 58 60 61 63 64 66 69 72 74 75 77 78 80 81 83 86 89 91 92 94 95 97 100 103 106 108 109 111 112 114 117 120 122 123 125 126 128 129 131 134 137 139 140 142 143 145 148 151 154 156"
// Nested loops of barriers.
#include <metal_stdlib>
using namespace metal;
kernel void sort(device int* data [[buffer(0)]], uint t [[thread_index_in_threadgroup]]) {
    threadgroup int shared[128];
    shared[t] = data[t];
    threadgroup_barrier(mem_flags::mem_threadgroup);
    for (uint size = 2; size <= 128; size *= 2) {
        for (uint step = size / 2; step > 0; step /= 2) {
            uint other = t ^ step;
            if (other > t) {
                bool up = (t & size) == 0;
                int a = shared[t], b = shared[other];
                if ((a > b) == up) {
                    shared[t] = b;
                    shared[other] = a;
                }
            }
            threadgroup_barrier(mem_flags::mem_threadgroup);
        }
    }
    data[t] = shared[t];
}
