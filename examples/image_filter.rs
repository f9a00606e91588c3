//! A picture is blurred and its edges are found: two kernels in one command buffer, and PNG files before and after.
//!
//! ```text
//! cargo run --release -p metal-bridge-examples --bin image_filter [IN.png] [OUT.png]
//! ```

use std::path::Path;

use anyhow::{Context, Result, ensure};
use image::{ImageBuffer, Rgb};
use metal_bridge::{CompileOptions, Device, ResourceOptions};

const SOURCE: &str = "
    #include <metal_stdlib>
    using namespace metal;

    // A pixel, or the nearest one of the picture.
    float3 pixel(device const packed_float3* pixels, int2 at, int2 size) {
        at = clamp(at, int2(0), size - 1);
        return float3(pixels[at.y * size.x + at.x]);
    }

    // The mean of a neighbourhood with the weights of a normal distribution.
    kernel void blur(device const packed_float3* from [[buffer(0)]],
                     device packed_float3* to [[buffer(1)]],
                     constant float& deviation [[buffer(2)]],
                     uint2 at [[thread_position_in_grid]],
                     uint2 size [[threads_per_grid]]) {
        const int radius = int(ceil(2.5f * deviation));
        float3 sum = 0;
        float weights = 0;
        for (int y = -radius; y <= radius; y++) {
            for (int x = -radius; x <= radius; x++) {
                const float weight = exp(-float(x * x + y * y) / (2.0f * deviation * deviation));
                sum += weight * pixel(from, int2(at) + int2(x, y), int2(size));
                weights += weight;
            }
        }
        to[at.y * size.x + at.x] = packed_float3(sum / weights);
    }

    // Dark lines where colours change (Sobel's operator), on the blurred picture.
    kernel void outline(device const packed_float3* from [[buffer(0)]],
                        device packed_float3* to [[buffer(1)]],
                        uint2 at [[thread_position_in_grid]],
                        uint2 size [[threads_per_grid]]) {
        float3 across = 0, down = 0;
        for (int i = -1; i <= 1; i++) {
            const float weight = i == 0 ? 2.0f : 1.0f;
            across += weight * (pixel(from, int2(at) + int2(1, i), int2(size)) -
                                pixel(from, int2(at) + int2(-1, i), int2(size)));
            down += weight * (pixel(from, int2(at) + int2(i, 1), int2(size)) -
                              pixel(from, int2(at) + int2(i, -1), int2(size)));
        }
        const float edge = length(across) + length(down);
        to[at.y * size.x + at.x] = packed_float3(pixel(from, int2(at), int2(size)) * saturate(1.2f - 2.0f * edge));
    }
";

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let input =
        arguments.next().unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/data/digits.png").into());
    let output = arguments.next().unwrap_or_else(|| "target/filtered.png".into());
    let before = image::open(&input).with_context(|| format!("cannot read {input}"))?.to_rgb32f();
    let (width, height) = before.dimensions();
    ensure!(width > 0 && height > 0, "{input} has no pixels");

    let device = Device::system_default()?;
    let library = device.new_library_with_source(SOURCE, &CompileOptions::default())?;
    let first = device.new_buffer_with_data(before.as_raw(), ResourceOptions::default())?;
    let second = device.new_buffer_with_length(first.length(), ResourceOptions::default())?;
    let command_buffer = device.new_command_queue()?.new_command_buffer();
    for (name, from, to) in [("blur", &first, &second), ("outline", &second, &first)] {
        let function = library.new_function_with_name(name)?;
        let pipeline = device.new_compute_pipeline_state_with_function(&function)?;
        let mut encoder = command_buffer.new_compute_command_encoder()?;
        encoder.set_compute_pipeline_state(&pipeline)?;
        encoder.set_buffer(from, 0, 0)?;
        encoder.set_buffer(to, 0, 1)?;
        encoder.set_bytes(&[1.5f32], 2)?;
        encoder.dispatch_threads((width as usize, height as usize, 1), (32, 8, 1))?;
        encoder.end_encoding()?;
    }
    command_buffer.commit()?;
    command_buffer.wait_until_completed()?;
    let after = ImageBuffer::<Rgb<f32>, _>::from_raw(width, height, first.read::<f32>()?)
        .context("the picture has another size now")?;
    if let Some(folder) = Path::new(&output).parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    image::DynamicImage::from(after)
        .to_rgb8()
        .save(&output)
        .with_context(|| format!("cannot write {output}"))?;
    println!("{input} ({width} × {height}) → {output}");
    Ok(())
}
