//! diagnostics = '''
//! program_source:4:5: error: variable 'counter' must be in the constant address space
//! '''
// Variables at program scope must be constants.
#include <metal_stdlib>
using namespace metal;
int counter = 0;
kernel void k(device int* a [[buffer(0)]]) { a[0] = ++counter; }
