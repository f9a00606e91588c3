//! diagnostics = '''
//! '''
// Without <metal_stdlib> there are the types, but no namespace metal.
kernel void k(device float* a [[buffer(0)]]) { a[0] = metal::sqrt(2.0f); }
