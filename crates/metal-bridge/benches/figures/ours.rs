//! Our side: kernels on a CPU device.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use metal_bridge::{
    Buffer, CommandBuffer, CommandQueue, CompileOptions, ComputePipelineState, Device, DeviceConfig,
    Function, Library, METAL_KERNEL_SOURCE, Size,
};

use crate::Result;

/// A device and its libraries.
pub(crate) struct Ours {
    pub(crate) device: Device,
    queue: CommandQueue,
    libraries: [Library; 2],
}

impl Ours {
    pub(crate) fn new(threads: NonZeroUsize) -> Result<Self> {
        let device = Device::cpu(DeviceConfig::new().threads(threads))?;
        let queue = device.new_command_queue()?;
        let library = |source| device.new_library_with_source(source, &CompileOptions::default());
        let libraries = [library(METAL_KERNEL_SOURCE)?, library(include_str!("kernels.metal"))?];
        Ok(Self { device, queue, libraries })
    }

    fn function(&self, kernel: &str) -> Result<Function> {
        let has_kernel = |library: &&Library| library.function_names().contains(&kernel);
        let library = self.libraries.iter().find(has_kernel).ok_or(format!("no kernel `{kernel}`"))?;
        Ok(library.new_function_with_name(kernel)?)
    }
}

/// A kernel with its arguments.
pub(crate) struct Dispatch {
    pub(crate) kernel: &'static str,
    /// From index 0 on.
    pub(crate) buffers: Vec<Buffer>,
    /// At the indices after those.
    pub(crate) sizes: Vec<u32>,
    pub(crate) grid: Size,
    pub(crate) group: Size,
}

/// Dispatches, one after the other in one command buffer, that can be run again and again.
pub(crate) struct Job<'a> {
    ours: &'a Ours,
    dispatches: &'a [Dispatch],
    pipelines: Vec<ComputePipelineState>,
}

impl<'a> Job<'a> {
    pub(crate) fn new(ours: &'a Ours, dispatches: &'a [Dispatch]) -> Result<Self> {
        let pipeline = |dispatch: &Dispatch| -> Result<_> {
            Ok(ours.device.new_compute_pipeline_state_with_function(&ours.function(dispatch.kernel)?)?)
        };
        let pipelines = dispatches.iter().map(pipeline).collect::<Result<_>>()?;
        Ok(Self { ours, dispatches, pipelines })
    }

    /// The same without checks of accesses to memory.
    pub(crate) fn unchecked(&self) -> Result<Self> {
        self.run()?;
        let pipeline = |dispatch: &Dispatch| -> Result<_> {
            let function = self.ours.function(dispatch.kernel)?;
            // SAFETY: the run just now found no access outside of memory, and other runs do the same: jobs are only run
            // with the buffers and sizes that they are made with, and their kernels do not take addresses from data.
            Ok(unsafe { self.ours.device.new_unchecked_compute_pipeline_state_with_function(&function)? })
        };
        let pipelines = self.dispatches.iter().map(pipeline).collect::<Result<_>>()?;
        Ok(Self { pipelines, ..*self })
    }

    /// What the compiler warns of, such as a kernel that it could not vectorise.
    pub(crate) fn warnings(&self) -> impl Iterator<Item = String> {
        self.pipelines.iter().flat_map(|pipeline| {
            pipeline.log().warnings.iter().map(|warning| format!("{}: {warning}", pipeline.name()))
        })
    }

    /// Runs it; gives the time from commit until completion is known.
    pub(crate) fn run(&self) -> Result<Duration> {
        let command_buffer = self.encode()?;
        let start = Instant::now();
        command_buffer.commit()?;
        command_buffer.wait_until_completed()?;
        Ok(start.elapsed())
    }

    fn encode(&self) -> Result<CommandBuffer> {
        let command_buffer = self.ours.queue.new_command_buffer();
        let mut encoder = command_buffer.new_compute_command_encoder()?;
        for (dispatch, pipeline) in self.dispatches.iter().zip(&self.pipelines) {
            encoder.set_compute_pipeline_state(pipeline)?;
            for (index, buffer) in dispatch.buffers.iter().enumerate() {
                encoder.set_buffer(buffer, 0, index)?;
            }
            for (i, size) in dispatch.sizes.iter().enumerate() {
                encoder.set_bytes(&[*size], dispatch.buffers.len() + i)?;
            }
            encoder.dispatch_threads(dispatch.grid, dispatch.group)?;
        }
        encoder.end_encoding()?;
        Ok(command_buffer)
    }
}

/// The seconds that each of as many runs took as fit into so much time, of one at least: what the
/// peers' `round` does.
pub(crate) fn round(run: impl Fn() -> Result<Duration>, seconds: f64) -> Result<Vec<f64>> {
    let first = run()?.as_secs_f64();
    if first > seconds {
        return Ok(vec![first]);
    }
    let start = Instant::now();
    let mut times = vec![run()?.as_secs_f64()];
    while start.elapsed().as_secs_f64() < seconds {
        times.push(run()?.as_secs_f64());
    }
    Ok(times)
}
