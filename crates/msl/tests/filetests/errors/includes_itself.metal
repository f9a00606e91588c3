//! include = ["include"]
//! diagnostics = '''
//! include/itself.h:2:10: error: #include nested too deeply
//! '''
#include "itself.h"
kernel void k(device int* a [[buffer(0)]]) { a[0] = 1; }
