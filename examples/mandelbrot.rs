//! The Mandelbrot set as a picture: a kernel whose threads part ways, and a PNG of what they found.
//!
//! ```text
//! cargo run --release -p metal-bridge-examples --bin mandelbrot [FILE.png]
//! ```

use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use metal_bridge::{CompileOptions, Device, ResourceOptions};

const WIDTH: usize = 1536;
const HEIGHT: usize = 1024;
const SOURCE: &str = "
    #include <metal_stdlib>
    using namespace metal;

    constant uint limit [[function_constant(0)]];

    kernel void mandelbrot(device uchar* pixels [[buffer(0)]],
                           uint2 at [[thread_position_in_grid]],
                           uint2 size [[threads_per_grid]]) {
        const float2 c = float2(at) / float(size.y) * 2.4f - float2(2.4f, 1.2f);
        float2 z = 0;
        uint n = 0;
        while (n < limit && dot(z, z) < 256.0f) {
            z = float2(z.x * z.x - z.y * z.y, 2.0f * z.x * z.y) + c;
            n++;
        }
        // A number of steps without steps in it, so that colours have none either.
        const float smooth = float(n) + 1.0f - log2(0.5f * log2(dot(z, z)));
        const float3 colour = n == limit ? float3(0) : 0.5f + 0.5f * cos(0.12f * smooth + float3(3.4f, 4.0f, 4.6f));
        const uint place = (at.y * size.x + at.x) * 3;
        for (uint i = 0; i < 3; i++) {
            pixels[place + i] = uchar(255.0f * colour[i]);
        }
    }
";

fn main() -> Result<()> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "target/mandelbrot.png".into());
    let device = Device::system_default()?;
    let library = device.new_library_with_source(SOURCE, &CompileOptions::default())?;
    let mut constants = metal_bridge::FunctionConstantValues::new();
    constants.set_constant_value_at_index(0, 1000u32);
    let function = library.new_function_with_name_and_constants("mandelbrot", &constants)?;
    let pipeline = device.new_compute_pipeline_state_with_function(&function)?;

    let pixels = device.new_buffer_with_length(WIDTH * HEIGHT * 3, ResourceOptions::default())?;
    let command_buffer = device.new_command_queue()?.new_command_buffer();
    let mut encoder = command_buffer.new_compute_command_encoder()?;
    encoder.set_compute_pipeline_state(&pipeline)?;
    encoder.set_buffer(&pixels, 0, 0)?;
    encoder.dispatch_threads((WIDTH, HEIGHT, 1), (32, 8, 1))?;
    encoder.end_encoding()?;
    let start = Instant::now();
    command_buffer.commit()?;
    command_buffer.wait_until_completed()?;
    println!("{WIDTH} × {HEIGHT} points in {:.1} ms", start.elapsed().as_secs_f64() * 1e3);

    if let Some(folder) = Path::new(&path).parent() {
        std::fs::create_dir_all(folder)?;
    }
    image::save_buffer(&path, &pixels.read::<u8>()?, WIDTH as u32, HEIGHT as u32, image::ColorType::Rgb8)?;
    println!("{path}");
    Ok(())
}
