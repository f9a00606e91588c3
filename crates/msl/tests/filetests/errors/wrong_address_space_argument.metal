//! diagnostics = '''
//! program_source:4:50: error: no matching function for call to 'store'
//! program_source:3:6: note: candidate function not viable: cannot pass pointer to address space 'device' as a pointer to address space 'threadgroup' in 1st argument
//! '''
#include <metal_stdlib>
using namespace metal;
void store(threadgroup float* p) { *p = 1; }
kernel void k(device float* out [[buffer(0)]]) { store(out); }
