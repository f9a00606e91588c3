//! kernel = "tickets"
//! grid = 512
//! group = 64
//! bytes.1 = "u32 2"
//! zero.2 = "u32 1"
//! out.0 = "u32 1*1024"
#include <metal_stdlib>
using namespace metal;
// Each thread of each row has tickets of its own.
kernel void tickets(device uint* taken [[buffer(0)]], constant uint& each [[buffer(1)]],
                    device atomic_uint* next [[buffer(2)]]) {
    for (uint i = 0; i < each; i++) {
        uint ticket = atomic_fetch_add_explicit(next, 1u, memory_order_relaxed);
        taken[ticket] += 1;
    }
}
