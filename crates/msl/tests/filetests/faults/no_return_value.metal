//! diagnostics = '''
//! program_source:5:1: warning: non-void function does not return a value in all control paths [-Wreturn-type]
//! '''
//! kernel = "call"
//! grid = 4
//! group = 4
//! [[run]]
//! in.0 = "i32 1 2 3 4"
//! out.0 = "i32 10 20 30 40"
//! [[run]]
//! in.0 = "i32 1 2 -3 4"
//! fault = "unreachable"
#include <metal_stdlib>
using namespace metal;
int f(int x) {
    if (x > 0) return 10 * x;
}
kernel void call(device int* data [[buffer(0)]], uint i [[thread_position_in_grid]]) { data[i] = f(data[i]); }
