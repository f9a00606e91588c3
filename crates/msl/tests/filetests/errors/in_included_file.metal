//! include = ["include"]
//! diagnostics = '''
//! include/broken.h:4:16: error: use of undeclared identifier 'oops'
//! '''
#include <metal_stdlib>
using namespace metal;
#include "broken.h"
kernel void k(device int* a [[buffer(0)]]) { a[0] = broken(1); }
