//! diagnostics = '''
//! '''
#include <metal_stdlib>
using namespace metal;
kernel void k(device int* a [[buffer(0)]]) {
    a[0] = 1;
    if (a[0]) {
/* and the comment goes on
