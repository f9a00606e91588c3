//! diagnostics = '''
//! program_source:5:12: error: use of undeclared identifier 'one'
//! program_source:6:12: error: use of undeclared identifier 'two'
//! program_source:8:16: error: expected ';' after expression
//! program_source:8:12: error: use of undeclared identifier 'rest'
//! program_source:7:14: warning: shift count >= width of type [-Wshift-count-overflow]
//! '''
// All errors of a file are told, and warnings in between.
#include <metal_stdlib>
using namespace metal;
kernel void k(device int* a [[buffer(0)]]) {
    a[0] = one;
    a[1] = two;
    a[2] = 1 << 40;
    a[3] = rest
    a[4] = 5;
}
