//! math = "safe"
//! grid = 3
//! in.0 = "f32 0 0.5 1 2 -1 -0.5 0.25 0.75 nan -2 0.1 0.33333334"
//! out.1 = "u32 4294934528 2139045888 2147483648 1073741824 4294443008 1055 4294949888 3208642560 1595981953 0 3221258241 2415919104 8 3213426688 1427767296 705528064 0 2147549184 1180696576 3 1431896064"
// Vectors to packed words: clamped, rounded to nearest, NaN to 0, the first component in the lowest bits (565: in
// the highest).
#include <metal_stdlib>
using namespace metal;
kernel void run(device const float4* in [[buffer(0)]], device uint* out [[buffer(1)]], uint i [[thread_position_in_grid]]) {
    float4 v = in[i];
    device uint* o = out + 7 * i;
    o[0] = pack_float_to_unorm4x8(v);
    o[1] = pack_float_to_snorm4x8(v);
    o[2] = pack_float_to_unorm2x16(v.xy);
    o[3] = pack_float_to_snorm2x16(v.xy);
    o[4] = pack_float_to_unorm10a2(v);
    o[5] = pack_float_to_unorm565(v.xyz);
    o[6] = pack_float_to_srgb_unorm4x8(v);
}
