//! diagnostics = '''
//! program_source:6:1: error: unterminated /* comment
//! program_source:6:27: error: expected '}'
//! program_source:5:15: note: to match this '{'
//! '''
#include <metal_stdlib>
using namespace metal;
kernel void k(device int* a [[buffer(0)]]) {
    a[0] = 1;
    if (a[0]) {
/* and the comment goes on
