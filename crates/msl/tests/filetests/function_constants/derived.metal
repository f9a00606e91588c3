//! grid = 2
//! group = 2
//! constant.0 = "int 3"
//! constant.10 = "bool true"
//! [[run]]
//! kernel = "derived"
//! out.0 = "i32 6 7 13 1 6 7 13 1"
//! [[run]]
//! kernel = "derived"
//! constant.0 = "int -4"
//! constant.10 = "bool false"
//! out.0 = "i32 -8 -7 -1 0 -8 -7 -1 0"
//! [[run]]
//! kernel = "unrelated"
//! out.0 = "i32 0 1"
// Constants computed from function constants, also through each other and a constexpr function; an index that is
// an expression.
#include <metal_stdlib>
using namespace metal;
#define BASE 5
constant int a [[function_constant(0)]];
constant bool flag [[function_constant(BASE * 2)]];
constexpr int more(int x) { return x + 6; }
constant int b = a * 2;
constant int c = b + 1;
constant int d = more(c);
constant bool e = flag && a > 0;
kernel void derived(device int4* out [[buffer(0)]], uint i [[thread_position_in_grid]]) { out[i] = int4(b, c, d, e); }
// Needs no constant at all.
kernel void unrelated(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]]) { out[i] = i; }
