//! bytes.1 = "i32 -5"
//! diagnostics = '''
//! program_source:4:16: warning: shift count >= width of type [-Wshift-count-overflow]
//! '''
//! out.0 = "i32 -10"
#include <metal_stdlib>
using namespace metal;
kernel void constant_shifts(device int* out [[buffer(0)]], constant int& v [[buffer(1)]]) {
    out[0] = v << 33;
}
