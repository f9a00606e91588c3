//! math = "safe"
//! grid = 6
//! in.0 = "bf16 -1 0 1 0.5 0 1 2 0 1 0.25 0.25 0.5 3 1 5 -0.5 -2 -1"
//! out.1 = "bf16 0 0 0 1 -1 0 0.5 0.5 0 0 1 0.5 1 1 0 0 1 1 0.25 0.25 0.25 1 1 0 3 1 -7 0 1 0.5 -1 0 1 0 -1 1"
//! out.2 = "bf16 0 0 0 1 -1 0 0.5 0.5 0 0 1 0.5 1 1 0 0 1 1 0.25 0.25 0.25 1 1 0 3 1 -7 0 1 0.5 -1 0 1 0 -1 1"
// The values are exact in every type. Scalars and vectors.
#include <metal_stdlib>
using namespace metal;
template <typename T>
void functions(T x, T y, T z, thread T* o) {
    o[0] = clamp(x, y, z);
    o[1] = saturate(x);
    o[2] = mix(x, y, z);
    o[3] = step(x, y);
    o[4] = sign(x);
    o[5] = smoothstep(y, z, x);
}
kernel void run(device const bfloat* in [[buffer(0)]], device bfloat* out [[buffer(1)]], device bfloat* vectors [[buffer(2)]],
                uint i [[thread_position_in_grid]]) {
    bfloat x = in[3 * i], y = in[3 * i + 1], z = in[3 * i + 2], o[6];
    functions(x, y, z, o);
    for (int j = 0; j < 6; j++) out[6 * i + j] = o[j];
    bfloat3 v[6];
    functions(bfloat3(x), bfloat3(y), bfloat3(z), v);
    for (int j = 0; j < 6; j++) vectors[6 * i + j] = v[j].z;
}
