//! grid = 4
//! group = 4
//! kernel = "chosen"
//! in.0 = "f32 1 2 3 4"
//! [[run]]
//! constant.0 = "uint 0"
//! constant.1 = "uint 3"
//! out.1 = "f32 3 6 9 12"
//! [[run]]
//! constant.0 = "uint 1"
//! constant.1 = "uint 3"
//! out.1 = "f32 1 8 27 64"
//! [[run]]
//! constant.0 = "uint 7"
//! constant.1 = "uint 0"
//! out.1 = "f32 0*4"
// A function constant chooses the code and the number of rounds.
#include <metal_stdlib>
using namespace metal;
constant uint operation [[function_constant(0)]];
constant uint rounds [[function_constant(1)]];
kernel void chosen(device const float* in [[buffer(0)]], device float* out [[buffer(1)]], uint i [[thread_position_in_grid]]) {
    float r;
    switch (operation) {
        case 0:
            r = 0;
            for (uint k = 0; k < rounds; ++k) r += in[i];
            break;
        case 1:
            r = 1;
            for (uint k = 0; k < rounds; ++k) r *= in[i];
            break;
        default: r = 0;
    }
    out[i] = r;
}
