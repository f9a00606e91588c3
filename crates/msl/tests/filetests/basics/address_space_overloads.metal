//! grid = 4
//! group = 4
//! in.0 = "f32 1 2 3 4"
//! in.1 = "f32 10 20 30 40"
//! out.2 = "f32 1001 2010 3004 4000 1002 2020 3003 4007 1003 2030 3002 4014 1004 2040 3001 4021"
// Functions and class templates that differ only in the address space of a pointer.
#include <metal_stdlib>
using namespace metal;

float load(device const float* p) { return 1000 + *p; }
float load(constant float* p) { return 2000 + *p; }
float load(threadgroup const float* p) { return 3000 + *p; }
float load(thread const float* p) { return 4000 + *p; }

template <typename P>
float load_any(P p) {
    return load(p);
}

kernel void overloads(device const float* a [[buffer(0)]], constant float* b [[buffer(1)]],
                      device float4* out [[buffer(2)]], uint i [[thread_position_in_grid]]) {
    threadgroup float shared[4];
    shared[3 - i] = a[i];
    threadgroup_barrier(mem_flags::mem_threadgroup);
    float mine = 7.0f * i;
    out[i] = float4(load_any(a + i), load_any(b + i), load_any(&shared[i]), load_any(&mine));
}
