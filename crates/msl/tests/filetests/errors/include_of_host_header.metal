//! diagnostics = '''
//! '''
#include <stdio.h>
kernel void k(device int* a [[buffer(0)]]) { a[0] = 1; }
