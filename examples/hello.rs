//! The shortest whole program: a kernel from source, a buffer, a dispatch.
//!
//! ```text
//! cargo run --release -p metal-bridge-examples --bin hello
//! ```

use metal_bridge::{CompileOptions, Device, ResourceOptions, Result};

const SOURCE: &str = "
    #include <metal_stdlib>
    using namespace metal;

    kernel void square(device float* values [[buffer(0)]], uint i [[thread_position_in_grid]]) {
        values[i] = values[i] * values[i];
    }
";

fn main() -> Result<()> {
    let device = Device::system_default()?;
    println!("device: {}", device.name());

    let library = device.new_library_with_source(SOURCE, &CompileOptions::default())?;
    let function = library.new_function_with_name("square")?;
    let pipeline = device.new_compute_pipeline_state_with_function(&function)?;

    let values = device.new_buffer_with_data(&[1.0f32, 2.0, 3.0, 4.0], ResourceOptions::default())?;
    let queue = device.new_command_queue()?;
    let command_buffer = queue.new_command_buffer();
    let mut encoder = command_buffer.new_compute_command_encoder()?;
    encoder.set_compute_pipeline_state(&pipeline)?;
    encoder.set_buffer(&values, 0, 0)?;
    encoder.dispatch_threads((4, 1, 1), (4, 1, 1))?;
    encoder.end_encoding()?;
    command_buffer.commit()?;

    // Waiting gives the error of the work if it has failed. Reading waits, too, but does not know of errors.
    command_buffer.wait_until_completed()?;
    println!("squares: {:?}", values.read::<f32>()?);

    // A kernel that leaves its memory ends with an error instead of a crash.
    let command_buffer = queue.new_command_buffer();
    let mut encoder = command_buffer.new_compute_command_encoder()?;
    encoder.set_compute_pipeline_state(&pipeline)?;
    encoder.set_buffer(&values, 0, 0)?;
    encoder.dispatch_threads((5, 1, 1), (5, 1, 1))?;
    encoder.end_encoding()?;
    command_buffer.commit()?;
    if let Err(error) = command_buffer.wait_until_completed() {
        println!("a thread too many: {error}");
    }
    Ok(())
}
