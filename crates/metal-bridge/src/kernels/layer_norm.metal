// Layer normalisation.
#include <metal_stdlib>
using namespace metal;

// The sum of `value` over the threads of one row of the threadgroup, for each of them. `partial` is the row's
// room for `width` values, which nobody may be using, `x` the thread's place in the row. All threads of the
// threadgroup must call it. They may still read `partial` when it returns.
static inline float2 row_sum(float2 value, threadgroup float2* partial, uint x, uint width) {
    constexpr uint chunk = 32;  // threads of a SIMD-group
    float2 sum = 0.0f;
    if (width % chunk == 0) {
        value = float2(simd_sum(value.x), simd_sum(value.y));
        if (x % chunk == 0) partial[x / chunk] = value;
        threadgroup_barrier(mem_flags::mem_threadgroup);
        for (uint i = 0; i < width / chunk; i++) sum += partial[i];
        return sum;
    }
    // SIMD-groups have threads of several rows, or absent ones.
    partial[x] = value;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    if (x % chunk == 0) {
        for (uint i = x; i < min(x + chunk, width); i++) sum += partial[i];
        partial[x] = sum;
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    sum = 0.0f;
    for (uint i = 0; i < width; i += chunk) sum += partial[i];
    return sum;
}

// output = gamma (input - mean) / sqrt(var + 1e-5) + beta, with mean and (biased) variance of each row of input.
//
// The threads of a threadgroup that lie in one row share the work on its statistics, so wide threadgroups
// such as 256 x 1 are best. Any shape is right.
kernel void layer_norm_float32(device const float* input [[buffer(0)]],  // [batch_size, features]
                               device const float* gamma [[buffer(1)]],  // [features]
                               device const float* beta [[buffer(2)]],   // [features]
                               device float* output [[buffer(3)]],       // [batch_size, features]
                               device float* mean_out [[buffer(4)]],     // [batch_size]
                               device float* var_out [[buffer(5)]],      // [batch_size]
                               constant uint& batch_size [[buffer(6)]],
                               constant uint& features [[buffer(7)]],
                               uint2 gid [[thread_position_in_grid]],  // grid: features, batch_size, or more
                               uint3 tid [[thread_position_in_threadgroup]],
                               uint3 size [[threads_per_threadgroup]]) {
    threadgroup float2 partials[2][1024];
    uint row = (tid.z * size.y + tid.y) * size.x;

    // Whole threadgroups beyond the data leave. In the others every thread goes on, as all must meet at the barriers.
    if (gid.x - tid.x >= features || gid.y - tid.y >= batch_size) return;
    bool in_batch = gid.y < batch_size;
    ulong offset = ulong(gid.y) * features;

    float2 sum = 0.0f;
    if (in_batch) {
        for (uint i = tid.x; i < features; i += size.x) sum.x += input[offset + i];
    }
    float count = float(features);
    float estimate = row_sum(sum, partials[0] + row, tid.x, size.x).x / count;

    // The deviations' own mean corrects what rounding did to the estimate.
    sum = 0.0f;
    if (in_batch) {
        for (uint i = tid.x; i < features; i += size.x) {
            float deviation = input[offset + i] - estimate;
            sum += float2(deviation, deviation * deviation);
        }
    }
    float2 moments = row_sum(sum, partials[1] + row, tid.x, size.x) / count;
    float mean = estimate + moments.x;
    float var = max(moments.y - moments.x * moments.x, 0.0f);

    if (!in_batch || gid.x >= features) return;
    if (gid.x == 0) {
        mean_out[gid.y] = mean;
        var_out[gid.y] = var;
    }
    float normalized = (input[offset + gid.x] - mean) * rsqrt(var + 1e-5f);
    output[offset + gid.x] = gamma[gid.x] * normalized + beta[gid.x];
}
