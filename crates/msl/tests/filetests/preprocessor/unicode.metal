//! kernel = "größe"
//! zero.0 = "i32 1"
//! out.0 = "i32 3"
// Letters beyond ASCII in comments, names and host names: Übergröße 日本語
#include <metal_stdlib>
using namespace metal;
[[host_name("größe")]] kernel void größe(device int* länge [[buffer(0)]]) { länge[0] = 3; /* é */ }
