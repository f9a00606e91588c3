// Layer normalisation.
#include <metal_stdlib>
using namespace metal;

// The sum of `value` over the threads of one row of the threadgroup, for each of them. `partial` is the row's
// room for `width` values, `x` the thread's place in the row. All threads of the threadgroup must call it.
static inline float2 row_sum(float2 value, threadgroup float2* partial, uint x, uint width) {
    constexpr uint chunk = 32;
    partial[x] = value;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    if (x % chunk == 0) {
        float2 sum = 0.0f;
        for (uint i = x; i < min(x + chunk, width); i++) sum += partial[i];
        partial[x] = sum;
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    float2 sum = 0.0f;
    for (uint i = 0; i < width; i += chunk) sum += partial[i];
    threadgroup_barrier(mem_flags::mem_threadgroup);  // all have read before the next call writes
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
    threadgroup float2 partials[1024];
    threadgroup float2* partial = partials + (tid.z * size.y + tid.y) * size.x;

    // Whole threadgroups beyond the data leave. In the others every thread goes on, as all must meet at the barriers.
    if (gid.x - tid.x >= features || gid.y - tid.y >= batch_size) return;
    bool in_batch = gid.y < batch_size;
    ulong offset = ulong(gid.y) * features;

    float2 sum = 0.0f;
    for (uint i = tid.x; in_batch && i < features; i += size.x) sum.x += input[offset + i];
    float count = float(features);
    float estimate = row_sum(sum, partial, tid.x, size.x).x / count;

    // The deviations' own mean corrects what rounding did to the estimate.
    sum = 0.0f;
    for (uint i = tid.x; in_batch && i < features; i += size.x) {
        float deviation = input[offset + i] - estimate;
        sum += float2(deviation, deviation * deviation);
    }
    float2 moments = row_sum(sum, partial, tid.x, size.x) / count;
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
