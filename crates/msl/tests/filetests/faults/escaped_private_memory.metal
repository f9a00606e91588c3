//! group = 40
//! zero.0 = "i32 40"
//! fault = "at program_source:12, thread … read of 4 bytes"
// A thread's memory is its own: another thread that was given a pointer to it cannot read it.
#include <metal_stdlib>
using namespace metal;
struct Place {
    thread int* p;
};
kernel void look(device int* a [[buffer(0)]], uint t [[thread_position_in_grid]]) {
    threadgroup Place shared[40];
    int mine = t;
    shared[t].p = &mine;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    int other = *shared[(t + 1) % 40].p;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    a[t] = other == int(t + 1) % 40;
}
