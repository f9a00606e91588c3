//! reflect = '''
//! kernel first at line 10
//!   buffer 3: device const float4 a, size 16, alignment 16
//!   buffer 0: device float b, size 4, alignment 4
//!   buffer 7: constant Params p, size 32, alignment 16
//!   memory 1: threadgroup uint shared, size 4, alignment 4
//!   threadgroup memory: 64 bytes
//! kernel second at line 20
//!   buffer 0: device half3 x, size 8, alignment 8
//!   buffer 1: device packed_float3 y, size 12, alignment 4
//!   buffer 2: device atomic_uint n, size 4, alignment 4
//!   at most 256 threads per threadgroup
//! '''
#include <metal_stdlib>
using namespace metal;
struct Params {
    float3 v;
    int n;
};

// A comment between.

kernel void first(device const float4* a [[buffer(3)]], device float* b [[buffer(0)]], constant Params& p [[buffer(7)]],
                  threadgroup uint* shared [[threadgroup(1)]], uint i [[thread_index_in_threadgroup]]) {
    threadgroup float own[16];
    own[i] = a[i].x * p.v.y + p.n;
    shared[i] = i;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    b[i] = own[15 - i] + shared[i];
}

[[max_total_threads_per_threadgroup(256)]]
kernel void second(device half3* x [[buffer(0)]], device packed_float3* y [[buffer(1)]], device atomic_uint* n [[buffer(2)]]) {
    x[0] = half3(y[0]);
    atomic_fetch_add_explicit(n, 1, memory_order_relaxed);
}
