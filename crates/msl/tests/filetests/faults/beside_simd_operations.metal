//! grid = 32
//! group = 32
//! zero.0 = "i32 20"
//! fault = "thread (20, 0, 0) in grid: write of 4 bytes at byte offset 80 of buffer 0 (`out`), which has 80 bytes"
#include <metal_stdlib>
using namespace metal;
kernel void waits(device int* out [[buffer(0)]], uint i [[thread_position_in_threadgroup]]) {
    int sum = simd_sum(int(i));
    if (i < 21) out[i] = sum;
    sum = simd_sum(sum);
    if (i < 20) out[i] = sum;
}
