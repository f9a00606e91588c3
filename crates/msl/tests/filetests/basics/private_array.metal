//! grid = 20
//! group = 8
//! out.0 = "i32 0 3 10 16 3 7 15 5 8 11 2 9 14 0 10 13 0 4 10 15"
//! out.1 = "i32 40 20 20 40 20 20 40 20 20 40 20 20 40 20 20 40 20 20 40 20"
// Arrays in thread memory, indexed by values that differ between threads; one sorted in place.
#include <metal_stdlib>
using namespace metal;
kernel void private_array(device int* out [[buffer(0)]], device int* out2 [[buffer(1)]],
                          uint i [[thread_position_in_grid]]) {
    int a[16];
    for (int j = 0; j < 16; ++j) a[j] = (j * j + int(i)) % 17;
    for (int j = 1; j < 16; ++j) {
        int v = a[j];
        int k = j;
        for (; k > 0 && a[k - 1] > v; --k) a[k] = a[k - 1];
        a[k] = v;
    }
    out[i] = a[(i * 5) % 16];

    int m[4][3] = {};
    for (uint j = 0; j < 20; ++j) m[(i + j) % 4][(i * j) % 3] += j;
    out2[i] = m[i % 4][i % 3];
}
