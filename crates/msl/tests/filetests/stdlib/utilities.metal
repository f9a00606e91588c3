//! out.0 = "f32 2 1 6 4 10 3 5 7"
//! out.1 = "u32 0x3f800000 0 5 3"
// array, swap, move, uniform, as_type, index sequences.
#include <metal_stdlib>
using namespace metal;
template <size_t... I>
int sum_of(index_sequence<I...>) {
    return (int(I) + ... + 0);
}
float total(const thread array<float, 3>& a) {
    float s = 0;
    for (float x : a) s += x;
    return s;
}
kernel void run(device float* out [[buffer(0)]], device uint* bits [[buffer(1)]]) {
    float a = 1, b = 2;
    swap(a, b);
    out[0] = a;
    out[1] = b;
    array<float, 3> list = {1, 2, 3};
    out[2] = total(list);
    list[1] = 4;
    out[3] = list[1];
    out[4] = sum_of(make_index_sequence<5>());
    out[5] = list.size();
    uniform<float> same = make_uniform(5.0f);
    out[6] = move(same);
    const array<half, 2> halves = {7, 8};
    out[7] = halves.front();
    bits[0] = as_type<uint>(1.0f);
    bits[1] = as_type<uint>(half2(0));
    bits[2] = as_type<ushort2>(5u).x;
    bits[3] = uint(as_type<half>(ushort(0x4200)));
}
