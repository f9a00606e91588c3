//! diagnostics = '''
//! program_source:8:12: error: no matching function for call to 'simd_and'
//! program_source:9:12: error: no matching function for call to 'simd_broadcast'
//! program_source:10:12: error: no matching function for call to 'simd_sum'
//! program_source:11:12: error: no matching function for call to 'simd_shuffle'
//! program_source:12:12: error: no matching function for call to 'quad_xor'
//! program_source:13:5: error: no matching function for call to 'threadgroup_barrier'
//! program_source:14:5: error: no matching function for call to 'threadgroup_barrier'
//! program_source:15:11: error: no viable conversion from 'simd_vote' to 'ulong'
//! '''
// What functions across threads do not take.
#include <metal_stdlib>
using namespace metal;
struct S {
    int x;
};
kernel void k(device float* f [[buffer(0)]], device S* s [[buffer(1)]], device bool* b [[buffer(2)]]) {
    f[0] = simd_and(f[1]);
    s[0] = simd_broadcast(s[1], 0);
    b[0] = simd_sum(b[1]);
    f[1] = simd_shuffle(f[0]);
    f[2] = quad_xor(f[0]);
    threadgroup_barrier();
    threadgroup_barrier(2);
    ulong bits = simd_ballot(true);
}
