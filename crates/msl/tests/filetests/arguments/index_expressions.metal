//! reflect = """
//! kernel sums_2 at line 9
//!   buffer 3: device const uint in, size 4, alignment 4
//!   buffer 5: device uint out, size 4, alignment 4
//!   buffer 6: constant uint more, size 4, alignment 4
//!   at most 64 threads per threadgroup
//! """
//! [[run]]
//! kernel = "sums_2"
//! grid = 4
//! group = 4
//! in.3 = "u32 1 2 3 4"
//! out.5 = "u32 11 12 13 14"
//! bytes.6 = "u32 10"
// Indices and limits that are expressions, also of template parameters, and attributes that macros write.
#include <metal_stdlib>
using namespace metal;
#define ATTRIBUTE(x) [[x]]
enum { base = 3 };
constant constexpr int stride = 2;
template <int N>
[[max_total_threads_per_threadgroup(N * 32)]] kernel void
sums(device const uint* in [[buffer(base)]], device uint* out [[buffer(base + N)]],
     constant uint& more ATTRIBUTE(buffer(6)), uint i ATTRIBUTE(thread_position_in_grid)) {
    out[i] = in[i] + more;
}
template [[host_name("sums_2")]] kernel void sums<stride>(device const uint*, device uint*, constant uint&, uint);
