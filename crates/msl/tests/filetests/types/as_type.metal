//! bytes.0 = "f32 1.5 -0.25"
//! out.1 = "u32 1069547520 3196059648 3221241344 67305985"
//! out.2 = "f32 3.1415927410125732 1.5"
//! out.3 = "u8 0 0 192 63"
//! out.4 = "f16 1.5 -2; u16 14336 16320"
//! out.5 = "u64 13726971665294819328 18446744073709551611"
// as_type keeps the bits, between scalars and vectors of the same size.
#include <metal_stdlib>
using namespace metal;
kernel void reinterpret(constant float2& f [[buffer(0)]], device uint* words [[buffer(1)]], device float* floats [[buffer(2)]],
                        device uchar4& bytes [[buffer(3)]], device half2& halves [[buffer(4)]],
                        device ulong* longs [[buffer(5)]]) {
    words[0] = as_type<uint>(f.x);
    words[1] = as_type<uint2>(f).y;
    words[2] = as_type<uint>(half2(1.5h, -2.0h));
    words[3] = as_type<uint>(uchar4(1, 2, 3, 4));
    floats[0] = as_type<float>(0x40490fdbu);
    floats[1] = as_type<float>(as_type<int>(f.x));
    bytes = as_type<uchar4>(f.x);
    (&halves)[0] = as_type<half2>(words[2]);
    (&halves)[1].x = as_type<half>(ushort(0));
    device ushort* raw = (device ushort*)(&halves + 1);
    raw[0] = as_type<ushort>(0.5h);
    raw[1] = as_type<ushort>(bfloat(f.x));
    longs[0] = as_type<ulong>(f);
    longs[1] = as_type<ulong>(-5L);
}
