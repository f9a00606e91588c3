//! math = "safe"
//! grid = 4
//! in.0 = "u32 0 4294967295 2164227841 305419896"
//! out.1 = "f32 +-2e-6 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1 1 1 1 -0.007874016 -0.007874016 -0.007874016 -0.007874016 1 1 1 1 1 1 -3.051851e-05 -3.051851e-05 1 1 1 0 1 1 1 1 0.003921569 0.49803922 1 0.5019608 0.007874016 1 -0.007874016 -1 0.75171065 0.9687194 0.014662757 0.6666667 0.49611658 0.5038987 0.9922483 -0.9922483 0.48387095 0.8888889 0.032258064 0 0.000303527 0.21223076 1 0.5019608 0.47058824 0.3372549 0.20392157 0.07058824 0.9448819 0.6771653 0.40944883 0.14173229 0.6177908 0.27077225 0.28445747 0 0.3377737 0.071107045 0.67555773 0.14221625 0.32258064 0.8095238 0.7741935 0 0.18782078 0.093058966 0.034339808 0.07058824"
//! out.2 = "f16 ~1ulp 0 0 0 0 1 1 1 1 0.00392 0.498 1 0.502 0.4707 0.3372 0.204 0.0706"
// Packed words to vectors. Tolerance: the sRGB curve is a power of a power's accuracy; half rounds once more.
#include <metal_stdlib>
using namespace metal;
kernel void run(device const uint* in [[buffer(0)]], device float4* out [[buffer(1)]], device half4* halves [[buffer(2)]],
                uint i [[thread_position_in_grid]]) {
    uint w = in[i];
    device float4* o = out + 6 * i;
    o[0] = unpack_unorm4x8_to_float(w);
    o[1] = unpack_snorm4x8_to_float(w);
    o[2] = unpack_unorm10a2_to_float(w);
    o[3] = float4(unpack_unorm2x16_to_float(w), unpack_snorm2x16_to_float(w));
    o[4] = float4(unpack_unorm565_to_float(ushort(w)), 0);
    o[5] = unpack_unorm4x8_srgb_to_float(w);
    halves[i] = unpack_unorm4x8_to_half(w);
}
