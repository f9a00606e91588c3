//! The 15 built-in kernels on data of real size: how long each takes, and how far its results are from a
//! reference in double precision.
//!
//! ```text
//! cargo run --release -p metal-bridge --example built_in_kernels
//! ```

mod cases;
mod reference;

use std::error::Error;
use std::time::Instant;

use metal_bridge::{
    Buffer, CommandQueue, CompileOptions, ComputePipelineState, Device, METAL_KERNEL_SOURCE, ResourceOptions,
};

use cases::{Argument, Case, Work};

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let device = Device::system_default()?;
    println!("{}", device.name());
    if cfg!(debug_assertions) {
        println!("This is a debug build: its times mean nothing.");
    }

    let start = Instant::now();
    let library = device.new_library_with_source(METAL_KERNEL_SOURCE, &CompileOptions::default())?;
    let kernels = library.function_names().len();
    let seconds = start.elapsed().as_secs_f64();
    println!("library of {kernels} kernels, compiled or from the cache: {}\n", time(seconds));

    println!("{:28} {:>20} {:>10} {:>15} {:>14}", "kernel", "size", "time", "rate", "largest error");
    let queue = device.new_command_queue()?;
    let mut too_far = Vec::new();
    for case in cases::all() {
        let function = library.new_function_with_name(case.kernel)?;
        let pipeline = device.new_compute_pipeline_state_with_function(&function)?;
        let run = Run::new(&queue, &pipeline, &case)?;

        run.execute()?;
        let error = run.largest_error()?;
        let seconds = run.median_time()?;
        println!(
            "{:28} {:>20} {:>10} {:>15} {:>14}",
            case.kernel,
            case.size,
            time(seconds),
            rate(&case.work, seconds),
            if error == 0.0 { "0".to_owned() } else { format!("{error:.1e}") }
        );
        if error.is_nan() || error > case.tolerance {
            too_far
                .push(format!("{}: error {error:.1e}, at most {:.1e} expected", case.kernel, case.tolerance));
        }
    }
    println!(
        "\nTimes are medians from commit to completion. GB/s count each element read or written once.\n\
         Errors are absolute, against the same computation in double precision."
    );
    if too_far.is_empty() { Ok(()) } else { Err(too_far.join("; ").into()) }
}

/// A kernel with its arguments in buffers.
struct Run<'a> {
    queue: &'a CommandQueue,
    pipeline: &'a ComputePipelineState,
    case: &'a Case,
    /// By argument; `None` for those that are passed by value.
    buffers: Vec<Option<Buffer>>,
}

impl<'a> Run<'a> {
    fn new(
        queue: &'a CommandQueue,
        pipeline: &'a ComputePipelineState,
        case: &'a Case,
    ) -> metal_bridge::Result<Self> {
        let device = queue.device();
        let options = ResourceOptions::STORAGE_MODE_SHARED;
        let buffer = |argument: &Argument| match argument {
            Argument::Floats(data) => device.new_buffer_with_data(data, options).map(Some),
            Argument::Ints(data) => device.new_buffer_with_data(data, options).map(Some),
            Argument::Output(count) => device.new_buffer_with_length(count * 4, options).map(Some),
            Argument::Float(_) | Argument::Uint(_) => Ok(None),
        };
        let buffers = case.arguments.iter().map(buffer).collect::<metal_bridge::Result<_>>()?;
        Ok(Self { queue, pipeline, case, buffers })
    }

    /// Runs the kernel once; returns the seconds from commit to completion.
    fn execute(&self) -> metal_bridge::Result<f64> {
        let command_buffer = self.queue.new_command_buffer();
        let mut encoder = command_buffer.new_compute_command_encoder()?;
        encoder.set_compute_pipeline_state(self.pipeline)?;
        for (index, (argument, buffer)) in self.case.arguments.iter().zip(&self.buffers).enumerate() {
            match (argument, buffer) {
                (_, Some(buffer)) => encoder.set_buffer(buffer, 0, index)?,
                (Argument::Float(value), None) => encoder.set_bytes(&[*value], index)?,
                (Argument::Uint(value), None) => encoder.set_bytes(&[*value], index)?,
                (_, None) => {}
            }
        }
        encoder.dispatch_threads(self.case.grid, self.case.group)?;
        encoder.end_encoding()?;
        let start = Instant::now();
        command_buffer.commit()?;
        command_buffer.wait_until_completed()?;
        Ok(start.elapsed().as_secs_f64())
    }

    /// The largest difference from the reference, after the first run. NaN if there is one in the results.
    fn largest_error(&self) -> metal_bridge::Result<f64> {
        let integers = self.case.arguments.iter().any(|argument| matches!(argument, Argument::Ints(_)));
        let mut largest = 0.0;
        for (index, expected) in (self.case.reference)(&self.case.arguments) {
            let Some(buffer) = &self.buffers[index] else { continue };
            largest = if integers {
                larger_error(largest, buffer.map_read::<i32>()?.iter().map(|x| f64::from(*x)), &expected)
            } else {
                larger_error(largest, buffer.map_read::<f32>()?.iter().map(|x| f64::from(*x)), &expected)
            };
        }
        Ok(largest)
    }

    /// The median time of half a second's runs, but of 3 at least and 50 at most.
    fn median_time(&self) -> metal_bridge::Result<f64> {
        let mut times = Vec::new();
        while times.len() < 3 || (times.len() < 50 && times.iter().sum::<f64>() < 0.5) {
            times.push(self.execute()?);
        }
        times.sort_by(f64::total_cmp);
        Ok(times[times.len() / 2])
    }
}

/// The larger of an error and those of these results. NaN wins over everything.
fn larger_error(error: f64, got: impl Iterator<Item = f64>, expected: &[f64]) -> f64 {
    let errors = got.zip(expected).map(|(got, expected)| (got - expected).abs());
    errors.fold(error, |largest, error| if error <= largest || largest.is_nan() { largest } else { error })
}

fn time(seconds: f64) -> String {
    if seconds < 1e-3 { format!("{:.1} µs", seconds * 1e6) } else { format!("{:.2} ms", seconds * 1e3) }
}

fn rate(work: &Work, seconds: f64) -> String {
    match work {
        Work::Bytes(bytes) => format!("{:.2} GB/s", bytes / seconds * 1e-9),
        Work::Operations(operations) => format!("{:.2} GFLOP/s", operations / seconds * 1e-9),
    }
}
