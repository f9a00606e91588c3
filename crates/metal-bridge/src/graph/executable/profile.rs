//! How long each step of a graph takes.

use std::fmt;
use std::panic::Location;
use std::time::Duration;

use super::execution::{Prepared, encode, encode_copies, prepare};
use super::loaded::Work;
use super::{GraphExecutable, GraphExecutionDescriptor};
use crate::buffer::Buffer;
use crate::command_buffer::CommandBuffer;
use crate::error::Result;
use crate::graph::compile::description::Description;
use crate::graph::compile::program::{Action, function_name};
use crate::graph::handle::GraphTensor;
use crate::graph::lower::Place;
use crate::queue::CommandQueue;

/// The times of an executable's steps; made by [`GraphExecutable::profile`]. Displayed it is a table.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct GraphProfile {
    /// In the order in which they run.
    pub steps: Vec<GraphStepProfile>,
    /// The time of an execution as [`GraphExecutable::execute`] does it, with all steps in one command buffer.
    pub execution: Duration,
    /// The number of runs that times are medians of.
    pub runs: usize,
}

/// One step: a kernel, a routine of the device, or copies.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct GraphStepProfile {
    /// The kernel's name in [`GraphExecutable::sources`], or what the device does by itself, such as `matmul`; `graph` where
    /// MPSGraph executes all of it.
    pub name: String,
    /// The tensors that it writes.
    pub results: Vec<String>,
    /// The calls of the program that it computes, each with its operations: `addition at main.rs:12: broadcast, add`.
    pub operations: Vec<String>,
    /// How long it took on the device, in a command buffer of its own.
    pub time: Duration,
    /// Bytes of the tensors that it reads, each counted once.
    pub bytes_read: usize,
    /// Bytes of the tensors that it writes.
    pub bytes_written: usize,
    /// Multiplications and additions of products of matrices and convolutions; 0 if it has none.
    pub flops: f64,
}

impl GraphExecutable {
    /// Measures each step: runs the graph `runs` times (at least once) with a command buffer for each step, and as often
    /// as a whole. The times are the device's own, from the start of a command buffer to its end; a first run, which finds
    /// memory untouched, does not count. Waits for the work.
    ///
    /// Inputs are as for [`execute`](Self::execute). Variables are assigned by each run. A step by itself finds other things
    /// in caches, and threads that wait, so the steps' sum is not quite the execution's time.
    ///
    /// ```
    /// use metal_bridge::graph::{Graph, GraphCompilationDescriptor, GraphDevice, TensorDataType};
    /// use metal_bridge::{Device, ResourceOptions};
    ///
    /// # fn main() -> metal_bridge::Result<()> {
    /// let graph = Graph::new();
    /// let x = graph.placeholder_tensor([64, 64], TensorDataType::Float32)?;
    /// let y = graph.softmax(&graph.matrix_multiplication(&x, &x)?, -1)?;
    /// let device = Device::system_default()?;
    /// let executable =
    ///     graph.compile(&GraphDevice::new(&device), &[&x], &[&y], &GraphCompilationDescriptor::new())?;
    /// let input = device.new_buffer_with_data(&[0.5f32; 64 * 64], ResourceOptions::default())?;
    /// let profile = executable.profile(&device.new_command_queue()?, &[(&x, &input)], 3)?;
    /// assert_eq!(profile.steps.iter().map(|step| step.flops).sum::<f64>(), 2.0 * 64.0 * 64.0 * 64.0);
    /// println!("{profile}");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`execute`](Self::execute), and the error of a step that fails.
    #[track_caller]
    pub fn profile(
        &self,
        queue: &CommandQueue,
        inputs: &[(&GraphTensor, &Buffer)],
        runs: usize,
    ) -> Result<GraphProfile> {
        let descriptor = GraphExecutionDescriptor::new();
        let prepared = prepare(&self.0, "profile", queue, inputs, &[], &descriptor, Location::caller())?;
        let work = &prepared.loaded.work;
        let runs = runs.max(1);
        let mut times = vec![Vec::new(); work.steps()];
        let copied = copied(work);
        let (mut copies, mut whole) = (Vec::new(), Vec::new());
        for run in 0..=runs {
            let mut measured = Vec::new();
            for step in 0..work.steps() {
                measured.push(timed(queue, |commands| encode(commands, &prepared, step..step + 1))?);
            }
            let copying = match copied.is_empty() {
                true => None,
                false => Some(timed(queue, |commands| encode_copies(commands, &prepared))?),
            };
            let execution = timed(queue, |commands| {
                encode(commands, &prepared, 0..work.steps())?;
                encode_copies(commands, &prepared)
            })?;
            if run > 0 {
                times.iter_mut().zip(measured).for_each(|(times, time)| times.push(time));
                copies.extend(copying);
                whole.push(execution);
            }
        }
        let mut steps = described(&prepared, times);
        if !copies.is_empty() {
            steps.push(copying(copied, copies));
        }
        Ok(GraphProfile { steps, execution: median(whole), runs })
    }
}

/// The device's time for what is encoded, after waiting for it.
fn timed(queue: &CommandQueue, encode: impl FnOnce(&CommandBuffer) -> Result<()>) -> Result<Duration> {
    let command_buffer = queue.new_command_buffer();
    command_buffer.set_label("graph profile");
    encode(&command_buffer)?;
    command_buffer.commit()?;
    command_buffer.wait_until_completed()?;
    let time = command_buffer.gpu_start_time().zip(command_buffer.gpu_end_time());
    let seconds = time.map_or(0.0, |(start, end)| end - start);
    Ok(Duration::try_from_secs_f64(seconds).unwrap_or_default())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn described(prepared: &Prepared<'_>, times: Vec<Vec<Duration>>) -> Vec<GraphStepProfile> {
    let described: Vec<(String, &Description)> = match &prepared.loaded.work {
        Work::Kernels { program, .. } => {
            let name = |action: &Action| match action {
                Action::Kernel { function, .. } => function_name(*function),
                Action::Routine(routine) => routine.name().into(),
            };
            program.steps.iter().map(|step| (name(&step.action), &step.description)).collect()
        }
        Work::Program { graph, .. } => vec![("graph".into(), &graph.description)],
    };
    let steps = described.into_iter().zip(times).map(|((name, about), times)| {
        let Description { results, operations, read, written, flops } = about.clone();
        let time = median(times);
        GraphStepProfile { name, results, operations, time, bytes_read: read, bytes_written: written, flops }
    });
    steps.collect()
}

/// What is copied at the end, with its bytes.
fn copied(work: &Work) -> Vec<(String, usize)> {
    match work {
        Work::Kernels { program, .. } => {
            program.copies.iter().map(|copy| (format!("variable {}", copy.to), copy.size)).collect()
        }
        Work::Program { graph, .. } => {
            let name = |place| match place {
                Place::Variable(id) => format!("variable {id}"),
                place => format!("{place:?}").to_lowercase(),
            };
            graph.moves.iter().map(|copy| (name(copy.to), copy.size)).collect()
        }
    }
}

/// The step of values that are copied at the end.
fn copying(copied: Vec<(String, usize)>, times: Vec<Duration>) -> GraphStepProfile {
    let bytes = copied.iter().map(|(_, size)| size).sum();
    GraphStepProfile {
        name: "copies".into(),
        results: copied.into_iter().map(|(name, _)| name).collect(),
        operations: Vec::new(),
        time: median(times),
        bytes_read: bytes,
        bytes_written: bytes,
        flops: 0.0,
    }
}

impl fmt::Display for GraphProfile {
    /// A line for each step, and under it what it computes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sum: Duration = self.steps.iter().map(|step| step.time).sum();
        writeln!(
            f,
            "{:>4}  {:>10}  {:>6}  {:>10}  {:>8}  {:>9}  step",
            "", "time", "share", "bytes", "GB/s", "GFLOP/s"
        )?;
        for (number, step) in self.steps.iter().enumerate() {
            let GraphStepProfile { name, results, operations, time, bytes_read, bytes_written, flops } = step;
            let (seconds, bytes) = (time.as_secs_f64(), (bytes_read + bytes_written) as f64);
            let rate = |amount: f64| match amount > 0.0 && seconds > 0.0 {
                true => format!("{:.1}", amount / seconds * 1e-9),
                false => "–".into(),
            };
            let share = 100.0 * seconds / sum.as_secs_f64().max(f64::MIN_POSITIVE);
            writeln!(
                f,
                "{number:>4}  {:>10}  {share:>4.1} %  {:>10}  {:>8}  {:>9}  {name} → {}",
                microseconds(*time),
                bytes_read + bytes_written,
                rate(bytes),
                rate(*flops),
                results.join(", ")
            )?;
            for operation in operations {
                writeln!(f, "{:>61}{operation}", "")?;
            }
        }
        let runs = self.runs;
        writeln!(
            f,
            "{:>4}  {:>10}  sum of the steps, each in a command buffer of its own",
            "",
            microseconds(sum)
        )?;
        writeln!(
            f,
            "{:>4}  {:>10}  in one command buffer; medians of {runs}",
            "",
            microseconds(self.execution)
        )
    }
}

fn microseconds(time: Duration) -> String {
    format!("{:.1} µs", time.as_secs_f64() * 1e6)
}
