//! [[run]]
//! kernel = "d1"
//! grid = 7
//! group = 3
//! out.0 = "u16 0 7 0 0 3*3 1 7 1 0 3*3 2 7 2 0 3*4 7 0 1 3*3 4 7 1 1 3*3 5 7 2 1 3*3 6 7 0 2 1 3 3"
//! [[run]]
//! kernel = "d2"
//! grid = [5, 3]
//! group = [2, 2]
//! out.0 = "u16 0 0 5 3 0*4 2*4 3 2 1 0 5 3 1 0*3 2*4 3 2 2 0 5 3 0 0 1 0 2*4 3 2 3 0 5 3 1 0 1 0 2*4 3 2 4 0 5 3 0 0 2 0 1 2*3 3 2 0 1 5 3 0 1 0 0 2*4 3 2 1 1 5 3 1 1 0 0 2*4 3 2 2 1 5 3 0 1 1 0 2*4 3 2 3 1 5 3 1*3 0 2*4 3 2 4 1 5 3 0 1 2 0 1 2*3 3 2 0 2 5 3 0*3 1 2 1 2 2 3 2 1 2 5 3 1 0 0 1 2 1 2 2 3 2*3 5 3 0 0 1 1 2 1 2 2 3 2 3 2 5 3 1 0 1 1 2 1 2 2 3 2 4 2 5 3 0 0 2 1*3 2 2 3 2"
//! [[run]]
//! kernel = "d3"
//! grid = [3, 3, 5]
//! group = [2, 1, 2]
//! out.0 = "u16 0*3 3 3 5 0*6 2 1 2 2 1 2 2 3 3 1 0 0 3 3 5 1 0*5 2 1 2 2 1 2 2 3 3 2 0 0 3 3 5 0*3 1 0 0 1 1 2 2 1 2 2 3 3 0 1 0 3 3 5 0*4 1 0 2 1 2 2 1 2 2 3 3 1 1 0 3 3 5 1 0*3 1 0 2 1 2 2 1 2 2 3 3 2 1 0 3 3 5 0*3 1 1 0 1 1 2 2 1 2 2 3 3 0 2 0 3 3 5 0*4 2 0 2 1 2 2 1 2 2 3 3 1 2 0 3 3 5 1 0*3 2 0 2 1 2 2 1 2 2 3 3 2 2 0 3 3 5 0*3 1 2 0 1 1 2 2 1 2 2 3 3 0 0 1 3 3 5 0 0 1 0*3 2 1 2 2 1 2 2 3 3 1 0 1 3 3 5 1 0 1 0*3 2 1 2 2 1 2 2 3 3 2 0 1 3 3 5 0 0 1 1 0 0 1 1 2 2 1 2 2 3 3 0 1 1 3 3 5 0 0 1 0 1 0 2 1 2 2 1 2 2 3 3 1*3 3 3 5 1 0 1 0 1 0 2 1 2 2 1 2 2 3 3 2 1 1 3 3 5 0 0 1*3 0 1 1 2 2 1 2 2 3 3 0 2 1 3 3 5 0 0 1 0 2 0 2 1 2 2 1 2 2 3 3 1 2 1 3 3 5 1 0 1 0 2 0 2 1 2 2 1 2 2 3 3 2 2 1 3 3 5 0 0 1 1 2 0 1 1 2 2 1 2 2 3 3 0 0 2 3 3 5 0*5 1 2 1 2 2 1 2 2 3 3 1 0 2 3 3 5 1 0*4 1 2 1 2 2 1 2 2 3 3 2 0 2 3 3 5 0*3 1 0 1*3 2 2 1 2 2 3 3 0 1 2 3 3 5 0*4 1 1 2 1 2 2 1 2 2 3 3 1 1 2 3 3 5 1 0*3 1 1 2 1 2 2 1 2 2 3 3 2 1 2 3 3 5 0*3 1*5 2 2 1 2 2 3 3 0 2 2 3 3 5 0*4 2 1 2 1 2 2 1 2 2 3 3 1 2 2 3 3 5 1 0*3 2 1 2 1 2 2 1 2 2 3 3 2*3 3 3 5 0*3 1 2 1*3 2 2 1 2 2 3 3 0 0 3*3 5 0 0 1 0 0 1 2 1 2 2 1 2 2 3 3 1 0 3*3 5 1 0 1 0 0 1 2 1 2 2 1 2 2 3 3 2 0 3*3 5 0 0 1 1 0 1*3 2 2 1 2 2 3 3 0 1 3*3 5 0 0 1 0 1 1 2 1 2 2 1 2 2 3 3 1 1 3*3 5 1 0 1 0 1 1 2 1 2 2 1 2 2 3 3 2 1 3*3 5 0 0 1*6 2 2 1 2 2 3 3 0 2 3*3 5 0 0 1 0 2 1 2 1 2 2 1 2 2 3 3 1 2 3*3 5 1 0 1 0 2 1 2 1 2 2 1 2 2 3 3 2 2 3*3 5 0 0 1 1 2 1*3 2 2 1 2 2 3 3 0 0 4 3 3 5 0*5 2 2 1 1 2 1 2 2 3 3 1 0 4 3 3 5 1 0*4 2 2 1 1 2 1 2 2 3 3 2 0 4 3 3 5 0*3 1 0 2 1*3 2 1 2 2 3 3 0 1 4 3 3 5 0*4 1 2 2 1 1 2 1 2 2 3 3 1 1 4 3 3 5 1 0*3 1 2 2 1 1 2 1 2 2 3 3 2 1 4 3 3 5 0*3 1 1 2 1*3 2 1 2 2 3 3 0 2 4 3 3 5 0*4 2*3 1 1 2 1 2 2 3 3 1 2 4 3 3 5 1 0*3 2*3 1 1 2 1 2 2 3 3 2 2 4 3 3 5 0*3 1 2 2 1*3 2 1 2 2 3 3"
// All positions and sizes as ushort, ushort2 and ushort3, with partial last threadgroups.
#include <metal_stdlib>
using namespace metal;
#define POSITIONS(T)                                                                                                    \
    T p [[thread_position_in_grid]], T grid [[threads_per_grid]], T local [[thread_position_in_threadgroup]],           \
        T group [[threadgroup_position_in_grid]], T size [[threads_per_threadgroup]],                                   \
        T full [[dispatch_threads_per_threadgroup]], T groups [[threadgroups_per_grid]]
kernel void d1(device ushort* out [[buffer(0)]], POSITIONS(ushort)) {
    ushort all[] = {p, grid, local, group, size, full, groups};
    for (uint k = 0; k < 7; ++k) out[p * 7 + k] = all[k];
}
kernel void d2(device ushort* out [[buffer(0)]], POSITIONS(ushort2)) {
    ushort2 all[] = {p, grid, local, group, size, full, groups};
    for (uint k = 0; k < 14; ++k) out[(p.y * grid.x + p.x) * 14 + k] = all[k / 2][k % 2];
}
kernel void d3(device ushort* out [[buffer(0)]], POSITIONS(ushort3)) {
    ushort3 all[] = {p, grid, local, group, size, full, groups};
    for (uint k = 0; k < 21; ++k) out[((p.z * grid.y + p.y) * grid.x + p.x) * 21 + k] = all[k / 3][k % 3];
}
