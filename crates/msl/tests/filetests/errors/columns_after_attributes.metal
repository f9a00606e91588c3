//! diagnostics = '''
//! program_source:3:99: error: use of undeclared identifier 'x'
//! program_source:4:59: error: use of undeclared identifier 'y'
//! '''
#include <metal_stdlib>
using namespace metal;
kernel void a(device float* out [[buffer(0)]], uint i [[thread_position_in_grid]]) { out[i] = i + x; }
template <typename T> T f(thread const T& a, T b) { T c = y + a; return c; }
