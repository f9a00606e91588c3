//! A dense layer, relu(x · w + b), twice: as the built-in kernel, and as a graph whose operations are fused.
//!
//! ```text
//! cargo run --release -p metal-bridge-examples --bin fused_linear
//! ```

use std::time::Instant;

use anyhow::{Result, ensure};
use metal_bridge::graph::{
    Graph, GraphCompilationDescriptor, GraphDevice, GraphExecutionDescriptor, TensorDataType::Float32,
};
use metal_bridge::{CompileOptions, Device, METAL_KERNEL_SOURCE, ResourceOptions};

const BATCH: usize = 256;
const INPUTS: usize = 784;
const OUTPUTS: usize = 512;

/// Numbers between -1 and 1.
fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let mut random = fastrand::Rng::with_seed(seed);
    (0..count).map(|_| random.f32() * 2.0 - 1.0).collect()
}

fn main() -> Result<()> {
    let device = Device::system_default()?;
    let queue = device.new_command_queue()?;
    let options = ResourceOptions::default();
    let x = device.new_buffer_with_data(&numbers(BATCH * INPUTS, 1), options)?;
    let w = device.new_buffer_with_data(&numbers(INPUTS * OUTPUTS, 2), options)?;
    let b = device.new_buffer_with_data(&numbers(OUTPUTS, 3), options)?;
    let y = device.new_buffer_with_length(BATCH * OUTPUTS * size_of::<f32>(), options)?;

    let library = device.new_library_with_source(METAL_KERNEL_SOURCE, &CompileOptions::default())?;
    let function = library.new_function_with_name("linear_relu_float32")?;
    let pipeline = device.new_compute_pipeline_state_with_function(&function)?;
    let kernel = || -> Result<()> {
        let command_buffer = queue.new_command_buffer();
        let mut encoder = command_buffer.new_compute_command_encoder()?;
        encoder.set_compute_pipeline_state(&pipeline)?;
        for (index, buffer) in [&x, &w, &b, &y].into_iter().enumerate() {
            encoder.set_buffer(buffer, 0, index)?;
        }
        for (index, size) in [BATCH, INPUTS, OUTPUTS].into_iter().enumerate() {
            encoder.set_bytes(&[size as u32], 4 + index)?;
        }
        encoder.dispatch_threads((OUTPUTS, BATCH, 1), (32, 8, 1))?;
        encoder.end_encoding()?;
        command_buffer.commit()?;
        Ok(command_buffer.wait_until_completed()?)
    };
    let kernel_time = time(kernel)?;

    let graph = Graph::new();
    let tensor = |shape: &[usize]| graph.placeholder_tensor(shape, Float32);
    let (gx, gw, gb) = (tensor(&[BATCH, INPUTS])?, tensor(&[INPUTS, OUTPUTS])?, tensor(&[OUTPUTS])?);
    let gy = graph.relu(&(&graph.matrix_multiplication(&gx, &gw)? + &gb)?)?;
    let executable = graph.compile(
        &GraphDevice::new(&device),
        &[&gx, &gw, &gb],
        &[&gy],
        &GraphCompilationDescriptor::new(),
    )?;
    let result = device.new_buffer_with_length(y.length(), options)?;
    let descriptor = GraphExecutionDescriptor::new().wait_until_completed(true);
    let graph_time = time(|| {
        let inputs = [(&gx, &x), (&gw, &w), (&gb, &b)];
        executable.execute(&queue, &inputs, Some(&[(&gy, &result)]), &descriptor)?;
        Ok(())
    })?;

    let (by_kernel, by_graph) = (y.read::<f32>()?, result.read::<f32>()?);
    let apart = by_kernel.iter().zip(&by_graph).map(|(a, b)| (a - b).abs()).fold(0.0f32, f32::max);
    let flops = 2.0 * (BATCH * INPUTS * OUTPUTS) as f64;
    for (what, seconds) in [("kernel", kernel_time), ("graph", graph_time)] {
        println!("{what:<7} {:.2} ms, {:.0} GFLOP/s", seconds * 1e3, flops / seconds / 1e9);
    }
    println!("they differ by {apart:.1e} at most");
    ensure!(apart < 1e-3, "they should not");
    Ok(())
}

/// The fastest of a few runs, in seconds.
fn time(mut run: impl FnMut() -> Result<()>) -> Result<f64> {
    let mut fastest = f64::INFINITY;
    for _ in 0..10 {
        let start = Instant::now();
        run()?;
        fastest = fastest.min(start.elapsed().as_secs_f64());
    }
    Ok(fastest)
}
