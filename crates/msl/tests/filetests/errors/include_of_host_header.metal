//! diagnostics = '''
//! program_source:1:10: error: 'stdio.h' file not found
//! '''
#include <stdio.h>
kernel void k(device int* a [[buffer(0)]]) { a[0] = 1; }
