//! in.0 = "i32 20 2 3 4"
//! [[run]]
//! kernel = "copy"
//! out.1 = "i32 20 2 3 4 7 7"
//! in.1 = "i32 7 7 7 7 7 7"
//! bytes.2 = "u32 16"
//! [[run]]
//! kernel = "copy"
//! zero.1 = "i32 6"
//! bytes.2 = "u32 20"
//! fault = "at program_source:5, thread (0, 0, 0) in grid: read of 20 bytes at byte offset 0 of buffer 0 (`from`), which has 16 bytes"
//! [[run]]
//! kernel = "copy"
//! zero.1 = "i32 3"
//! bytes.2 = "u32 16"
//! fault = "at program_source:5, thread (0, 0, 0) in grid: write of 16 bytes at byte offset 0 of buffer 1 (`to`), which has 12 bytes"
//! [[run]]
//! kernel = "copy"
//! zero.1 = "i32 3"
//! bytes.2 = "u32 4000000000"
//! fault = "at program_source:5, thread (0, 0, 0) in grid: … of 4000000000 bytes at byte offset 0"
// Copies of a length that is known only when the kernel runs.
#include <metal_stdlib>
using namespace metal;
kernel void copy(device const int* from [[buffer(0)]], device int* to [[buffer(1)]], constant uint& n [[buffer(2)]]) {
    __builtin_memcpy(to, from, n);
}
