//! zero.0 = "i32 1"
//! pipeline_error = "constant `table` makes 134217728 bytes of constants; at most"
#include <metal_stdlib>
using namespace metal;
constant int table[1 << 25] = {1};
kernel void look_up(device int* a [[buffer(0)]]) { a[0] = table[a[0]]; }
