//! grid = [4, 2]
//! group = [2, 2]
//! out.0 = "u32 2 112 1002 1112 202 312 1202 1312"
// uint and ushort vectors side by side; sizes in function arguments.
#include <metal_stdlib>
using namespace metal;
uint code(uint2 group, ushort2 local, ushort2 size, uint2 groups) {
    return (group.y * groups.x + group.x) * 1000 + (local.y * size.x + local.x) * 100 + local.x * 10 + size.y;
}
kernel void mixed(device uint* out [[buffer(0)]], uint2 p [[thread_position_in_grid]], uint2 grid [[threads_per_grid]],
                  uint2 group [[threadgroup_position_in_grid]], ushort2 local [[thread_position_in_threadgroup]],
                  ushort2 size [[threads_per_threadgroup]], uint2 groups [[threadgroups_per_grid]]) {
    out[p.y * grid.x + p.x] = code(group, local, size, groups);
}
