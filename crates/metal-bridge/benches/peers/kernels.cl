// The built-in matmul_float32 and add_arrays_float32, and layer_norm_float32 as the documentation of the Go
// package has it, in OpenCL C. Word for word, but for the names of positions and address spaces.

kernel void add_arrays_float32(global const float* inputA, global const float* inputB, global float* result) {
    uint index = get_global_id(0);
    result[index] = inputA[index] + inputB[index];
}

kernel void matmul_float32(global const float* matrixA, global const float* matrixB, global float* result, uint M,
                           uint N, uint P) {
    uint row = get_global_id(1);
    uint col = get_global_id(0);
    if (row >= M || col >= P) return;
    float sum = 0.0f;
    for (uint k = 0; k < N; k++) {
        sum += matrixA[(ulong)row * N + k] * matrixB[(ulong)k * P + col];
    }
    result[(ulong)row * P + col] = sum;
}

kernel void layer_norm_float32(global const float* input, global const float* gamma, global const float* beta,
                               global float* output, global float* mean_out, global float* var_out,
                               uint batch_size, uint features) {
    uint batch_idx = get_global_id(1);
    if (batch_idx >= batch_size) return;
    uint offset = batch_idx * features;

    float mean = 0.0f;
    for (uint i = 0; i < features; i++) {
        mean += input[offset + i];
    }
    mean /= (float)features;
    mean_out[batch_idx] = mean;

    float var = 0.0f;
    for (uint i = 0; i < features; i++) {
        float diff = input[offset + i] - mean;
        var += diff * diff;
    }
    var /= (float)features;
    var_out[batch_idx] = var;

    float std_inv = rsqrt(var + 1e-5f);
    uint feature_idx = get_global_id(0);
    if (feature_idx < features) {
        float normalized = (input[offset + feature_idx] - mean) * std_inv;
        output[offset + feature_idx] = gamma[feature_idx] * normalized + beta[feature_idx];
    }
}
