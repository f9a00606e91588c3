//! diagnostics = '''
//! program_source:5:12: error: use of undeclared identifier 'factor'
//! program_source:3:25: note: expanded from macro 'SCALE'
//! '''
#include <metal_stdlib>
using namespace metal;
#define SCALE(x) ((x) * factor)
kernel void k(device int* a [[buffer(0)]]) {
    a[0] = SCALE(a[0]);
}
