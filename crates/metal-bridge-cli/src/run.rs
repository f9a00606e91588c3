//! `metal-bridge run`: one kernel on data from the command line.

mod bindings;
mod timing;

use std::io::{self, Write};

use metal_bridge::{CommandQueue, ComputePipelineState, Size};

use crate::cli::RunArguments;
use crate::constants;
use crate::devices;
use crate::error::{Failure, Result};
use crate::log;
use crate::source;
use bindings::Bindings;

/// Compiles, runs once, prints and saves, and then measures, if asked.
pub(crate) fn run(arguments: &RunArguments) -> Result<()> {
    let device = devices::choose(arguments.device.as_deref())?;
    let library = source::library(&device, &arguments.file, &arguments.compile)?;
    let constants = constants::values(&arguments.constant)?;
    let function = library.new_function_with_name_and_constants(&arguments.kernel, &constants)?;
    let pipeline = device.new_compute_pipeline_state_with_function(&function)?;
    log::show_warnings(&pipeline, &mut anstream::stderr().lock())?;
    let bindings = Bindings::new(&device, pipeline.reflection(), arguments)?;
    let dispatch = Dispatch::new(&pipeline, arguments)?;

    let queue = device.new_command_queue()?;
    dispatch.execute(&queue, &bindings)?;

    let mut out = io::stdout().lock();
    bindings.print(&mut out)?;
    bindings.save()?;
    if let Some(runs) = arguments.time {
        timing::measure(runs, &dispatch, &queue, &bindings, &mut out)?;
    } else if arguments.print.is_empty() && arguments.save.is_empty() {
        writeln!(out, "ran `{}` over {} on {}", arguments.kernel, dispatch, device.name())?;
    }
    Ok(())
}

/// What is run, over what extent.
struct Dispatch<'a> {
    pipeline: &'a ComputePipelineState,
    extent: Extent,
    group: Size,
}

#[derive(Clone, Copy)]
enum Extent {
    Threads(Size),
    Threadgroups(Size),
}

impl<'a> Dispatch<'a> {
    fn new(pipeline: &'a ComputePipelineState, arguments: &RunArguments) -> Result<Self> {
        let given = arguments.group.or(pipeline.required_threads_per_threadgroup());
        let (extent, group) = match (arguments.grid, arguments.threadgroups) {
            (Some(grid), _) => {
                let limit = pipeline.max_total_threads_per_threadgroup();
                let width = pipeline.thread_execution_width();
                (Extent::Threads(grid), given.unwrap_or_else(|| suitable_group(grid, width, limit)))
            }
            (None, Some(groups)) => {
                let group = given.ok_or_else(|| {
                    Failure::option(
                        "--threadgroups",
                        "needs --group, the threads of each, such as --group 256",
                    )
                })?;
                (Extent::Threadgroups(groups), group)
            }
            (None, None) => return Err(Failure::option("--grid", "is missing; for example --grid 1024")),
        };
        // As in Metal, that is no error.
        let (option, given) = match extent {
            Extent::Threads(grid) => ("--grid", grid),
            Extent::Threadgroups(groups) => ("--threadgroups", groups),
        };
        if given.to_array().contains(&0) {
            crate::warn(&format!("{option}: nothing runs in {given}"));
        }
        Ok(Self { pipeline, extent, group })
    }

    /// Runs once and waits. The times at which the device began and ended, in seconds, where known.
    fn execute(&self, queue: &CommandQueue, bindings: &Bindings<'_>) -> Result<Option<(f64, f64)>> {
        let command_buffer = queue.new_command_buffer();
        let mut encoder = command_buffer.new_compute_command_encoder()?;
        encoder.set_compute_pipeline_state(self.pipeline)?;
        bindings.bind(&mut encoder)?;
        match self.extent {
            Extent::Threads(grid) => encoder.dispatch_threads(grid, self.group)?,
            Extent::Threadgroups(groups) => encoder.dispatch_threadgroups(groups, self.group)?,
        }
        encoder.end_encoding()?;
        command_buffer.commit()?;
        command_buffer.wait_until_completed()?;
        Ok(command_buffer.gpu_start_time().zip(command_buffer.gpu_end_time()))
    }

    /// Number of threads, as a figure.
    fn threads(&self) -> f64 {
        let product = |size: Size| size.to_array().into_iter().map(|n| n as f64).product::<f64>();
        match self.extent {
            Extent::Threads(grid) => product(grid),
            Extent::Threadgroups(groups) => product(groups) * product(self.group),
        }
    }
}

impl std::fmt::Display for Dispatch<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.extent {
            Extent::Threads(grid) => write!(f, "{grid} threads in threadgroups of {}", self.group),
            Extent::Threadgroups(groups) => write!(f, "{groups} threadgroups of {} threads", self.group),
        }
    }
}

/// A size of threadgroups for a grid: rows of 256 threads for one axis, else SIMD-group by 8.
fn suitable_group(grid: Size, width: usize, limit: usize) -> Size {
    let limit = limit.max(1);
    let width = width.clamp(1, limit);
    if grid.height <= 1 && grid.depth <= 1 {
        Size::from(limit.min(256))
    } else {
        Size::new(width, (limit / width).min(8), 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suitable_groups_stay_within_the_limit() {
        assert_eq!(suitable_group(Size::from(1_000_000), 32, 1024), Size::from(256));
        assert_eq!(suitable_group(Size::from((64, 64)), 32, 1024), Size::new(32, 8, 1));
        assert_eq!(suitable_group(Size::from((64, 64)), 32, 64), Size::new(32, 2, 1));
        assert_eq!(suitable_group(Size::from((64, 64)), 32, 20), Size::new(20, 1, 1));
        assert_eq!(suitable_group(Size::new(1, 1, 9), 32, 1024), Size::new(32, 8, 1));
    }
}
