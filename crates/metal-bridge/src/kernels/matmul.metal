// Matrix products, one thread for each element of the result. All matrices are row-major.
//
// Threads beyond the result do nothing, so the grid may be rounded up. Offsets are 64-bit: a matrix may
// have more than 2^32 elements.
#include <metal_stdlib>
using namespace metal;

// Element (row, col) of a[.., N] times b[N, P].
static inline float matmul_element(device const float* a, device const float* b, uint N, uint P, uint row, uint col) {
    float sum = 0.0f;
    for (uint k = 0; k < N; k++) {
        sum += a[ulong(row) * N + k] * b[ulong(k) * P + col];
    }
    return sum;
}

// result = matrixA matrixB
kernel void matmul_float32(device const float* matrixA [[buffer(0)]],  // [M, N]
                           device const float* matrixB [[buffer(1)]],  // [N, P]
                           device float* result [[buffer(2)]],         // [M, P]
                           constant uint& M [[buffer(3)]],             // rows of A
                           constant uint& N [[buffer(4)]],             // columns of A, rows of B
                           constant uint& P [[buffer(5)]],             // columns of B
                           uint2 gid [[thread_position_in_grid]]) {    // grid: P or more, M or more
    uint row = gid.y;
    uint col = gid.x;
    if (row >= M || col >= P) return;
    result[ulong(row) * P + col] = matmul_element(matrixA, matrixB, N, P, row, col);
}

// batchResult[i] = batchA[i] batchB[i], for each i
kernel void batch_matmul_float32(device const float* batchA [[buffer(0)]],    // [batch_size, M, N]
                                 device const float* batchB [[buffer(1)]],    // [batch_size, N, P]
                                 device float* batchResult [[buffer(2)]],     // [batch_size, M, P]
                                 constant uint& batch_size [[buffer(3)]],     // products
                                 constant uint& M [[buffer(4)]],              // rows of each A
                                 constant uint& N [[buffer(5)]],              // columns of each A, rows of each B
                                 constant uint& P [[buffer(6)]],              // columns of each B
                                 uint3 gid [[thread_position_in_grid]]) {     // grid: P, M, batch_size, or more
    ulong batch = gid.z;
    uint row = gid.y;
    uint col = gid.x;
    if (batch >= batch_size || row >= M || col >= P) return;
    device const float* a = batchA + batch * M * N;
    device const float* b = batchB + batch * N * P;
    batchResult[(batch * M + row) * P + col] = matmul_element(a, b, N, P, row, col);
}
