//! math = "safe"
//! in.0 = "f32 1 2 3 0 4 5 6 0 7 8 10 0"
//! bytes.1 = "f32 1 -1 2 0"
//! out.2 = "f32 11 13 17 _ 5 11 19 _ 6 7 -3 2"
//! out.3 = "f32 30 36 45 _ 66 81 102 _ 109 134 169 _ 1 4 7 _ 2 5 8 _ 3 6 10 _"
//! out.4 = "f32 2 0 0 2 1 2 3 4 1 2 3 4 5 6"
// Columns are columns: m[c][r]; a 3-row matrix has 16 bytes for each column.
#include <metal_stdlib>
using namespace metal;
kernel void matrices(device const float3x3& m [[buffer(0)]], constant float3& v [[buffer(1)]], device float3* vecs [[buffer(2)]],
                     device float3x3* mats [[buffer(3)]], device float2x2* small [[buffer(4)]]) {
    float3x3 a = m;
    vecs[0] = a * v;
    vecs[1] = v * a;
    device float* scalars = (device float*)(vecs + 2);
    scalars[0] = a[1][2];
    scalars[1] = a[2].x;
    scalars[2] = determinant(a);
    a[0] = float3(2, 0, 0);
    scalars[3] = a[0][0];
    mats[0] = m * m;
    mats[1] = transpose(m);
    small[0] = float2x2(2);
    small[1] = float2x2(float2(1, 2), float2(3, 4));
    float3x2 rect = float3x2(float2(1, 2), float2(3, 4), float2(5, 6));
    device float2* columns = (device float2*)(small + 2);
    columns[0] = rect[0];
    columns[1] = rect[1];
    columns[2] = rect[2];
}
