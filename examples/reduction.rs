//! A sum with threadgroup memory and barriers: each threadgroup adds up a part, a second pass adds up the parts.
//!
//! ```text
//! cargo run --release -p metal-bridge-examples --bin reduction [COUNT]
//! ```

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use metal_bridge::{Buffer, CommandBuffer, CompileOptions, ComputePipelineState, Device, ResourceOptions};

const THREADS: usize = 256;
const SOURCE: &str = "
    #include <metal_stdlib>
    using namespace metal;

    kernel void sum(device const float* values [[buffer(0)]],
                    device float* sums [[buffer(1)]],
                    constant uint& count [[buffer(2)]],
                    threadgroup float* shared [[threadgroup(0)]],
                    uint i [[thread_position_in_grid]],
                    uint own [[thread_position_in_threadgroup]],
                    uint group [[threadgroup_position_in_grid]],
                    uint threads [[threads_per_threadgroup]],
                    uint groups [[threadgroups_per_grid]]) {
        float sum = 0;
        for (uint at = i; at < count; at += threads * groups) {
            sum += values[at];
        }
        shared[own] = sum;
        for (uint half_of = threads / 2; half_of > 0; half_of /= 2) {
            threadgroup_barrier(mem_flags::mem_threadgroup);
            if (own < half_of) {
                shared[own] += shared[own + half_of];
            }
        }
        if (own == 0) {
            sums[group] = shared[0];
        }
    }
";

/// Encodes a pass of so many threadgroups over the first `count` values.
fn encode(
    command_buffer: &CommandBuffer,
    pipeline: &ComputePipelineState,
    (values, count): (&Buffer, usize),
    (sums, groups): (&Buffer, usize),
) -> Result<()> {
    let mut encoder = command_buffer.new_compute_command_encoder()?;
    encoder.set_compute_pipeline_state(pipeline)?;
    encoder.set_buffer(values, 0, 0)?;
    encoder.set_buffer(sums, 0, 1)?;
    encoder.set_bytes(&[u32::try_from(count).context("too many values")?], 2)?;
    encoder.set_threadgroup_memory_length(THREADS * size_of::<f32>(), 0)?;
    encoder.dispatch_threadgroups((groups, 1, 1), (THREADS, 1, 1))?;
    encoder.end_encoding()?;
    Ok(())
}

fn main() -> Result<()> {
    let count: usize = std::env::args().nth(1).map_or(Ok(10_000_000), |n| n.parse()).context("COUNT")?;
    ensure!(count > 0, "there is nothing to add up");
    let device = Device::system_default()?;
    let library = device.new_library_with_source(SOURCE, &CompileOptions::default())?;
    let pipeline =
        device.new_compute_pipeline_state_with_function(&library.new_function_with_name("sum")?)?;

    // Small whole numbers, so that the sum is exact in any order.
    let numbers: Vec<f32> = (0..count).map(|i| (i % 7) as f32 - 3.0).collect();
    let values = device.new_buffer_with_data(&numbers, ResourceOptions::default())?;
    let groups = count.div_ceil(THREADS * 64).min(1024);
    let sums = device.new_buffer_with_length(groups * size_of::<f32>(), ResourceOptions::default())?;
    let total = device.new_buffer_with_length(size_of::<f32>(), ResourceOptions::default())?;

    let queue = device.new_command_queue()?;
    let command_buffer = queue.new_command_buffer();
    encode(&command_buffer, &pipeline, (&values, count), (&sums, groups))?;
    encode(&command_buffer, &pipeline, (&sums, groups), (&total, 1))?;
    let start = Instant::now();
    command_buffer.commit()?;
    command_buffer.wait_until_completed()?;
    let seconds = start.elapsed().as_secs_f64();

    let sum = total.read::<f32>()?[0];
    let expected: f32 = numbers.iter().sum();
    println!("the sum of {count} values is {sum}: {:.1} GB/s", (count * 4) as f64 / seconds / 1e9);
    ensure!(sum == expected, "it should be {expected}");
    Ok(())
}
