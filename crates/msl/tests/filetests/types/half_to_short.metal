//! math = "safe"
//! in.1 = "f16 0 1.5 -1.5 nan inf -inf 40000 -40000 32752"
//! grid = 9
//! out.0 = "i16 0 1 -1 0 32767 -32768 32767 -32768 32752"
//! out.2 = "u16 0 1 0 0 65535 0 40000 0 32752"
#include <metal_stdlib>
using namespace metal;
kernel void half_to_short(device short* s [[buffer(0)]], device const half* in [[buffer(1)]], device ushort* u [[buffer(2)]],
                          uint i [[thread_position_in_grid]]) {
    s[i] = short(in[i]);
    u[i] = ushort(in[i]);
}
