//! grid = 3
//! group = 3
//! [[run]]
//! kernel = "field"
//! in.0 = "f32 1 2 3 4 5 6 7 8 9 10 11"
//! zero.1 = "f32 3"
//! fault = "thread (2, 0, 0) in grid: read of 4 bytes at byte offset 44 of buffer 0 (`items`), which has 44 bytes"
//! [[run]]
//! kernel = "whole"
//! in.0 = "f32 1 2 3 4 5 6 7 8 9 10 11"
//! zero.1 = "f32 12"
//! fault = "thread (2, 0, 0) in grid: read of 16 bytes at byte offset 32 of buffer 0 (`items`), which has 44 bytes"
// A field that lies outside; a copy of a whole struct, part of which does.
#include <metal_stdlib>
using namespace metal;
struct Item {
    float values[3];
    float last;
};
kernel void field(device const Item* items [[buffer(0)]], device float* out [[buffer(1)]], uint i [[thread_position_in_grid]]) {
    out[i] = items[i].last;
}
kernel void whole(device const Item* items [[buffer(0)]], device Item* out [[buffer(1)]], uint i [[thread_position_in_grid]]) {
    out[i] = items[i];
}
