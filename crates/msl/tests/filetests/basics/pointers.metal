//! grid = 6
//! group = 6
//! in.0 = "i32 0..12"
//! out.1 = "i64 0 11 1 2 9 3 4 7 5 6 5 7 8 3 9 10 1 11"
//! out.2 = "i32 1 5 9 7 9 11"
// Pointer arithmetic, differences, comparisons, null, pointers to pointers, pointers in structs.
#include <metal_stdlib>
using namespace metal;

struct View {
    device const int* first;
    device const int* last;
    long size() const { return last - first; }
};

kernel void pointers(device const int* data [[buffer(0)]], device long* out [[buffer(1)]], device int* out2 [[buffer(2)]],
                     uint i [[thread_position_in_grid]]) {
    device const int* p = data + 2 * i;
    device const int* end = &data[11];
    out[3 * i] = p - data;
    out[3 * i + 1] = end - p;
    View view{data, p + 1};
    out[3 * i + 2] = view.size();
    device const int* q = i < 3 ? p : nullptr;
    device const int* thread* pp = &p;
    ++*pp;
    out2[i] = *p + (q ? *q : 0);
}
