//! in.1 = "u32 7"
//! in.2 = "f32 1.5"
//! diagnostics = '''
//! program_source:7:23: warning: shift count >= width of type [-Wshift-count-overflow]
//! program_source:8:27: warning: division by zero is undefined [-Wdivision-by-zero]
//! program_source:10:18: warning: shift count >= width of type [-Wshift-count-overflow]
//! program_source:12:29: warning: shift count >= width of type [-Wshift-count-overflow]
//! '''
//! out.0 = "u32 7 7 7 7 7 7"
// What clang computes of constants and C++ leaves undefined is some number, and the code behind it stays. (Where not
// all is constant, a shift's amount is taken modulo the width, and conversions saturate.)
#include <metal_stdlib>
using namespace metal;
static uint some(uint x) { return x & 0; }
kernel void constant_folding(device uint* out [[buffer(0)]], constant uint& seven [[buffer(1)]], constant float& f [[buffer(2)]]) {
    out[some(uint(89) << uint(95))] = seven;
    out[1 + some(uint(89) / uint(0))] = seven;
    out[2 + some(uint(-2.0f))] = seven;
    if ((int(-7) >> int(33)) == 3 || true) out[3] = seven;
    out[4] = (int(3e38f) & 0) + seven;
    uint2 v = uint2(uint(1) << uint(40), seven);
    out[5] = v.y + (v.x & 0);
}
