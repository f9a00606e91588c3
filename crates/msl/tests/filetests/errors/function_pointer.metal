//! zero.0 = "i32 1"
//! pipeline_error = "pointer"
#include <metal_stdlib>
using namespace metal;
int one(int x) { return x + 1; }
int two(int x) { return x + 2; }
kernel void k(device int* a [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    int (*f)(int) = i % 2 ? one : two;
    a[i] = f(i);
}
