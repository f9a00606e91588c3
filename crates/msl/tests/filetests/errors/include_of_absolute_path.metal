//! diagnostics = '''
//! program_source:2:10: error: '/etc/passwd' file not found
//! '''
// Source must not read files of the host.
#include "/etc/passwd"
kernel void k(device int* a [[buffer(0)]]) { a[0] = 1; }
