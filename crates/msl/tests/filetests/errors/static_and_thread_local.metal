//! diagnostics = '''
//! program_source:3:5: error: variable 'counter' must be in the constant address space
//! program_source:4:1: error: 'thread_local' is not supported in Metal
//! program_source:6:16: error: variable 'calls' must be in the constant address space
//! '''
#include <metal_stdlib>
using namespace metal;
int counter = 0;
thread_local int other;
kernel void k(device int* a [[buffer(0)]]) {
    static int calls = 0;
    a[0] = ++calls + ++counter;
}
