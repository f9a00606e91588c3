//! grid = [7, 5, 3]
//! group = [4, 2, 2]
//! out.0 = "u32 16 116 216 316 12 112 212 416 516 616 716 312 412 512 16 116 216 316 12 112 212 416 516 616 716 312 412 512 8 108 208 308 6 106 206 816 916 1016 1116 612 712 812 1216 1316 1416 1516 912 1012 1112 816 916 1016 1116 612 712 812 1216 1316 1416 1516 912 1012 1112 408 508 608 708 306 406 506 8 108 208 308 6 106 206 408 508 608 708 306 406 506 8 108 208 308 6 106 206 408 508 608 708 306 406 506 4 104 204 304 3 103 203"
// Every threadgroup at an edge has its own size and numbers its threads by it.
#include <metal_stdlib>
using namespace metal;
kernel void ragged(device uint* out [[buffer(0)]], uint3 p [[thread_position_in_grid]], uint3 grid [[threads_per_grid]],
                   uint3 size [[threads_per_threadgroup]], uint3 t [[thread_position_in_threadgroup]]) {
    uint i = (t.z * size.y + t.y) * size.x + t.x;
    out[(p.z * grid.y + p.y) * grid.x + p.x] = i * 100 + size.x * size.y * size.z;
}
