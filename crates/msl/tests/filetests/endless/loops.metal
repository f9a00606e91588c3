//! grid = 4
//! group = 4
//! zero.0 = "i32 4"
//! endless = true
//! [[run]]
//! kernel = "empty"
//! [[run]]
//! kernel = "counting"
//! [[run]]
//! kernel = "waiting"
//! [[run]]
//! kernel = "one_thread"
//! [[run]]
//! kernel = "nested"
// Loops that never end, one of them without any effect.
#include <metal_stdlib>
using namespace metal;
kernel void empty(device int* data [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    data[i] = 1;
    while (true) {
    }
}
kernel void counting(device int* data [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    for (uint k = 0;; ++k) data[i] = k;
}
kernel void waiting(device atomic_int* data [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    while (atomic_load_explicit(&data[i], memory_order_relaxed) == 0) {
    }
}
kernel void one_thread(device int* data [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    while (i == 2) data[i] += 2;
}
kernel void nested(device int* data [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    do {
        for (int k = 0; k < 3; ++k) data[i] ^= k;
    } while (data[i] != 77);
}
