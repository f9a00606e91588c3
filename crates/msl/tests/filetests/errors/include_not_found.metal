//! diagnostics = '''
//! program_source:2:10: error: 'not_there.h' file not found
//! '''
#include <metal_stdlib>
#include "not_there.h"
using namespace metal;
kernel void k(device int* a [[buffer(0)]]) { a[0] = 1; }
