//! grid = 2
//! group = 2
//! in.0 = "f32 4 9"
//! out.0 = "f32 2 3"
// MSL's headers one by one.
#include <metal_math>
#include <metal_atomic>
#include <metal_common>
#include <metal_compute>
#include <metal_geometric>
#include <metal_integer>
#include <metal_matrix>
#include <metal_relational>
#include <metal_simdgroup>
#include <metal_types>
using namespace metal;
kernel void root(device float* data [[buffer(0)]], uint i [[thread_position_in_grid]]) { data[i] = sqrt(data[i]); }
