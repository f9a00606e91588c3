//! grid = 6
//! group = 6
//! in.0 = "i32 9 1 4 4 0 -5"
//! in.1 = "i32 3 2 4 -1 0 7"
//! out.0 = "i32 3 1 4 -1 0 -5"
//! out.1 = "i32 9 2 4 4 0 7"
//! out.2 = "i32 21 4 12 7 0 -3"
// References and pointers to thread and device memory, returned and passed on.
#include <metal_stdlib>
using namespace metal;

void exchange(thread int& a, thread int& b) {
    int t = a;
    a = b;
    b = t;
}
void exchange_device(device int& a, device int& b) {
    int t = a;
    a = b;
    b = t;
}
thread int* larger(thread int* a, thread int* b) { return *a > *b ? a : b; }
thread int& twice(thread int& a) {
    a *= 2;
    return a;
}

kernel void references(device int* low [[buffer(0)]], device int* high [[buffer(1)]], device int* out [[buffer(2)]],
                       uint i [[thread_position_in_grid]]) {
    int a = low[i], b = high[i];
    int a0 = a, b0 = b;
    exchange(a, b);
    exchange(a, b);
    if (larger(&a, &b) == &a && a != b) exchange_device(low[i], high[i]);
    twice(a0) += b0;
    out[i] = a0;
}
