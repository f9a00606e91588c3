//! kernel = "refs"
//! bytes.0 = "f32 2"
//! bytes.1 = "i32 3; f32 4; u32 0 0; f32 5 6 7 0"
//! bytes.2 = "f32 1 0 0 0 0 2 0 0 0 0 3 0 0 0 0 4"
//! bytes.3 = "i32 1 2 3 4"
//! in.4 = "f32 9 1"
//! in.5 = "i32 8 16"
//! out.4 = "f32 56 1"
//! out.5 = "i32 9 16"
// Scalars, structs, matrices and arrays by reference, in constant and device memory.
#include <metal_stdlib>
using namespace metal;
struct Params {
    int n;
    float a;
    float3 v;
};
float total(constant Params& p) { return p.n + p.a + p.v.x + p.v.y + p.v.z; }
kernel void refs(constant float& s [[buffer(0)]], constant Params& p [[buffer(1)]], constant float4x4& m [[buffer(2)]],
                 constant int (&list)[4] [[buffer(3)]], device float& result [[buffer(4)]], device int& counter [[buffer(5)]]) {
    float trace = m[0][0] + m[1][1] + m[2][2] + m[3][3];
    float sum = 0;
    for (int x : list) sum += x;
    result += s + total(p) + trace + sum;
    counter++;
}
