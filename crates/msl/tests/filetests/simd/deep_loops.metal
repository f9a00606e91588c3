//! grid = 32
//! group = 32
//! out.0 = "i32 -19 2925 2923 18 500 15805 3476 6 241 17675 25545 6 21 6499 3487 9 41 12540 646 10 3903 19945 3287 3 24 2925 2908 18 545 15805 3501 6 283 17675 25582 6 60 6499 3531 9 82 12540 748 10 3946 19945 3247 3 69 2925 2867 18 587 15805 3576 6 322 17675 25529 6 101 6499 3570 9 125 12540 728 10 3991 19945 3205 3 111 2925 3051 18 626 15805 3349 6 363 17675 25410 6 144 6499 3355 9 170 12540 515 10 4033 19945 3153 3 150 2925 3037 18 667 15805 3373 6 406 17675 25361 6 189 6499 3398 9 212 12540 616 10 4072 19945 3112 3 191 2925 2993 18 710 15805 3451 6"
// Loops nine deep whose number of rounds differs between lanes.
#include <metal_stdlib>
using namespace metal;
kernel void deep(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]]) {
    int v0 = int(i) * 7 + -20 + int(i * i) % 5;
    int v1 = int(i) * 7 + -7 + int(i * i) % 6;
    int v2 = int(i) * 7 + 6 + int(i * i) % 7;
    int v3 = int(i) * 7 + 19 + int(i * i) % 8;
    for (int k1 = 0, n1 = int(lane % 3 + 1); k1 < n1; ++k1) {
        for (int k2 = 0, n2 = int(lane % 2 + 1); k2 < n2; ++k2) {
            for (int k3 = 0, n3 = int(lane % 3 + 1); k3 < n3; ++k3) {
                for (int k4 = 0, n4 = int(lane % 2 + 1); k4 < n4; ++k4) {
                    for (int k5 = 0, n5 = int(lane % 3 + 1); k5 < n5; ++k5) {
                        for (int k6 = 0, n6 = int(lane % 2 + 1); k6 < n6; ++k6) {
                            for (int k7 = 0, n7 = int(lane % 3 + 1); k7 < n7; ++k7) {
                                for (int k8 = 0, n8 = int(lane % 2 + 1); k8 < n8; ++k8) {
                                    for (int k9 = 0, n9 = int(lane % 3 + 1); k9 < n9; ++k9) {
                                        v0 = (v0 + 1);
                                        v1 = simd_sum(v0);
                                        v2 = (v2 ^ v1);
                                    }
                                    v3 = int(popcount(uint((simd_vote::vote_t)simd_ballot((v0) & 1))));
                                }
                            }
                        }
                        v3 = int(popcount(uint((simd_vote::vote_t)simd_ballot((v0) & 1))));
                    }
                }
            }
            v3 = int(popcount(uint((simd_vote::vote_t)simd_ballot((v0) & 1))));
        }
    }
    out[4 * i] = v0;
    out[4 * i + 1] = v1;
    out[4 * i + 2] = v2;
    out[4 * i + 3] = v3;
}
