//! diagnostics = '''
//! program_source:3:2: error: this needs Metal 9
//! '''
#include <metal_stdlib>
#if __METAL_VERSION__ < 900
#error this needs Metal 9
#endif
kernel void k(device int* a [[buffer(0)]]) { a[0] = 1; }
