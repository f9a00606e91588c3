//! group = 4
//! zero.0 = "i32 4"
//! out.0 = "i32 1*4"
//! diagnostics = '''
//! program_source:4:56: warning: address of stack memory associated with local variable 'y' returned [-Wreturn-stack-address]
//! '''
// A pointer to a variable that is gone.
#include <metal_stdlib>
using namespace metal;
thread int* f(int x) { int y[4] = {x, x, x, x}; return y; }
kernel void dangle(device int* a [[buffer(0)]], uint t [[thread_position_in_grid]]) {
    thread int* p = f(t);
    p[a[t]] = 7;
    a[t] = 1;
}
