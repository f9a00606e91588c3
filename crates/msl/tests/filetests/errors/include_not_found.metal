//! diagnostics = '''
//! '''
#include <metal_stdlib>
#include "not_there.h"
using namespace metal;
kernel void k(device int* a [[buffer(0)]]) { a[0] = 1; }
