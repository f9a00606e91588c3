//! math = "safe"
//! bytes.0 = "f32 2.9 -2.9 0 1e-20"
//! out.1 = "i32 2 -2 0 0"
//! out.2 = "bool true true false true"
//! out.3 = "f32 16777216.0 2147483648.0 4294967296.0 9.223372036854776e+18 1 0"
//! out.4 = "u8 2 0 0 0"
//! in.5 = "i64 16777217 2147483647 4294967295 9223372036854775807"
// float to integer truncates, to bool compares with zero; integer to float rounds to nearest.
#include <metal_stdlib>
using namespace metal;
kernel void conversions(constant float4& f [[buffer(0)]], device int4& ints [[buffer(1)]], device bool4& bools [[buffer(2)]],
                        device float* floats [[buffer(3)]], device uchar4& bytes [[buffer(4)]],
                        device const long* longs [[buffer(5)]]) {
    ints = int4(f);
    bools = bool4(f);
    floats[0] = int(longs[0]);
    floats[1] = int(longs[1]);
    floats[2] = uint(longs[2]);
    floats[3] = longs[3];
    floats[4] = f.x > 1;
    floats[5] = float(bools.z);
    bytes = uchar4(max(f, 0.0f));
}
