//! grid = 3
//! group = 3
//! [[run]]
//! kernel = "bracketed"
//! out.0 = "u32 0 1 2"
//! [[run]]
//! kernel = "templated"
//! out.0 = "u32 0 2 4"
//! [[run]]
//! kernel = "in_namespace"
//! out.0 = "u32 0 3 6"
// [[kernel]] instead of `kernel`, also on templates; a kernel in a namespace.
#include <metal_stdlib>
using namespace metal;

[[kernel]] void bracketed(device uint* out [[buffer(0)]], uint i [[thread_position_in_grid]]) { out[i] = i; }

template <uint N>
[[kernel]] void times(device uint* out [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    out[i] = N * i;
}
template [[host_name("templated")]] [[kernel]] void times<2>(device uint*, uint);

namespace mine {
[[host_name("in_namespace")]] kernel void triple(device uint* out [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    out[i] = 3 * i;
}
}  // namespace mine
