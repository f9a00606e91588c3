//! grid = 2
//! group = 2
//! out.3 = "u32 3 4"
// Attributes with spaces, comments, macros and continued lines; words of MSL in comments and strings.
#include <metal_stdlib>
using namespace metal;
#define INDEX 3
#define POSITION [[thread_position_in_grid]]
/* kernel void not_a_kernel(device float* x [[buffer(0)]]) { threadgroup float y[3]; } */
// constant int also_not [[function_constant(0)]];
kernel void
spread(device uint *
           out [ [ /* index */ buffer ( INDEX ) ] ],
       uint i POSITION, uint \
       n [[threads_per_grid]]) {
    out[i] = i + n + 1;  // [[buffer(0)]]
}
