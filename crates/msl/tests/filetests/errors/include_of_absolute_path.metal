//! diagnostics = '''
//! '''
// Source must not read files of the host.
#include "/etc/passwd"
kernel void k(device int* a [[buffer(0)]]) { a[0] = 1; }
