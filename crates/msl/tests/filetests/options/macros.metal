//! define.VALUE = "7"
//! define.EMPTY = ""
//! define.EXPRESSION = "(1 + 2)"
//! define.TYPE = "uint"
//! kernel = "macros"
//! out.0 = "u32 7 14 9 4"
// Preprocessor macros of the options.
#include <metal_stdlib>
using namespace metal;
kernel void macros(device TYPE* out [[buffer(0)]]) {
    out[0] = VALUE;
#if defined(EMPTY) && VALUE > 6
    out[1] = 2 EMPTY * VALUE;
#endif
    out[2] = 3 * EXPRESSION;
    out[3] = sizeof(TYPE);
}
