//! diagnostics = '''
//! program_source:4:1: error: 'thread_local' is not supported in Metal
//! '''
#include <metal_stdlib>
using namespace metal;
int counter = 0;
thread_local int other;
kernel void k(device int* a [[buffer(0)]]) {
    static int calls = 0;
    a[0] = ++calls + ++counter;
}
