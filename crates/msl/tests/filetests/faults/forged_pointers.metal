//! in.0 = "u64 4096"
//! zero.1 = "i32 4"
//! [[run]]
//! kernel = "from_memory"
//! fault = "at program_source:9, thread (0, 0, 0) in grid: write of 4 bytes"
//! [[run]]
//! kernel = "from_integer"
//! fault = "at program_source:12, thread (0, 0, 0) in grid: write of 4 bytes"
//! [[run]]
//! kernel = "to_thread_memory"
//! fault = "at program_source:15, thread (0, 0, 0) in grid: write of 4 bytes"
//! [[run]]
//! kernel = "to_threadgroup_memory"
//! fault = "at program_source:18, thread (0, 0, 0) in grid: write of 4 bytes"
// Pointers that come from buffers' contents and integers reach nothing.
#include <metal_stdlib>
using namespace metal;

struct Table {
    device int* p;
};
kernel void from_memory(constant Table& t [[buffer(0)]], device int* a [[buffer(1)]]) {
    *t.p = a[0];
}
kernel void from_integer(constant ulong& address [[buffer(0)]], device int* a [[buffer(1)]]) {
    *(device int*)address = a[0];
}
kernel void to_thread_memory(constant ulong& address [[buffer(0)]], device int* a [[buffer(1)]]) {
    *(thread int*)address = a[0];
}
kernel void to_threadgroup_memory(constant ulong& address [[buffer(0)]], device int* a [[buffer(1)]]) {
    *(threadgroup int*)address = a[0];
}
