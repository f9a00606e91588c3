//! A program on its device: pipelines, constants, variables, and memory between kernels.

use super::Inner;
use crate::buffer::{Buffer, ResourceOptions};
use crate::device::Device;
use crate::error::{Error, Result};
use crate::graph::compile::program::{Program, Slot, function_name};
use crate::graph::dim::Bindings;
use crate::graph::ir::{TensorType, VariableId};
use crate::pipeline::ComputePipelineState;
use crate::queue::CommandQueue;
use crate::sync::{Mutex, lock};
use msl_types::{CompileOptions, MathMode};

/// For how many queues memory is kept.
const MOST_ARENAS: usize = 8;

pub(super) struct Loaded {
    pub(super) bindings: Bindings,
    pub(super) program: Program,
    /// The targets' types, in their order.
    pub(super) targets: Vec<TensorType>,
    pub(super) pipelines: Vec<ComputePipelineState>,
    constants: Vec<Buffer>,
    variables: Vec<(VariableId, Buffer)>,
    /// Memory between kernels: executions on one queue never overlap.
    arenas: Mutex<Vec<(CommandQueue, Buffer)>>,
}

impl Loaded {
    pub(super) fn new(
        inner: &Inner,
        program: Program,
        bindings: Bindings,
        targets: Vec<TensorType>,
    ) -> Result<Self> {
        let device = inner.device.device();
        let pipelines = pipelines(device, &program)?;
        let constants = program
            .constants
            .iter()
            .map(|data| device.new_buffer_with_bytes(data.bytes(), ResourceOptions::default()))
            .collect::<Result<_>>()?;
        let variables = program
            .variables
            .iter()
            .map(|&id| {
                let initial = &inner.arena.variables[id].initial;
                Ok((id, inner.device.buffer(&inner.graph, id, initial)?))
            })
            .collect::<Result<_>>()?;
        Ok(Self { bindings, program, targets, pipelines, constants, variables, arenas: Mutex::default() })
    }

    /// The memory between kernels for a queue; `None` if none is needed.
    pub(super) fn arena(&self, queue: &CommandQueue) -> Result<Option<Buffer>> {
        if self.program.arena == 0 {
            return Ok(None);
        }
        let mut arenas = lock(&self.arenas);
        if let Some((_, buffer)) = arenas.iter().find(|(owner, _)| owner.is(queue)) {
            return Ok(Some(buffer.clone()));
        }
        let buffer = queue.device().new_buffer_with_length(self.program.arena, ResourceOptions::default())?;
        buffer.set_label("graph arena");
        if arenas.len() == MOST_ARENAS {
            arenas.remove(0);
        }
        arenas.push((queue.clone(), buffer.clone()));
        Ok(Some(buffer))
    }

    pub(super) fn variable(&self, id: VariableId) -> &Buffer {
        let found = self.variables.iter().find(|(variable, _)| *variable == id);
        &found.expect("a program lists its variables").1
    }

    /// The buffer and offset of a slot.
    pub(super) fn place<'a>(
        &'a self,
        slot: Slot,
        feeds: &[Option<&'a Buffer>],
        targets: &'a [Buffer],
        arena: Option<&'a Buffer>,
    ) -> (&'a Buffer, usize) {
        match slot {
            Slot::Feed(place) => (feeds[place].expect("needed feeds have buffers"), 0),
            Slot::Target(place) => (&targets[place], 0),
            Slot::Variable(id) => (self.variable(id), 0),
            Slot::Constant(place) => (&self.constants[place], 0),
            Slot::Arena(offset) => (arena.expect("there is an arena if something lies in it"), offset),
        }
    }

    /// Whether a kernel reads a feed.
    pub(super) fn needs_feed(&self, place: usize) -> bool {
        self.program.steps.iter().any(|step| step.arguments.contains(&Slot::Feed(place)))
    }
}

/// Compiles all kernels of a program, several at a time.
fn pipelines(device: &Device, program: &Program) -> Result<Vec<ComputePipelineState>> {
    let options = CompileOptions {
        math_mode: MathMode::Safe,
        source_name: "graph".into(),
        ..CompileOptions::default()
    };
    let library = device.new_library_with_source(&program.source, &options)?;
    let build = |number: usize| {
        let function = library.new_function_with_name(&function_name(number))?;
        device.new_compute_pipeline_state_with_function(&function)
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(program.functions);
    if threads <= 1 {
        return (0..program.functions).map(build).collect();
    }
    let build = &build;
    let mut built: Vec<(usize, Result<ComputePipelineState>)> = std::thread::scope(|scope| {
        let work = |first: usize| {
            move || (first..program.functions).step_by(threads).map(|i| (i, build(i))).collect::<Vec<_>>()
        };
        let mut handles = Vec::new();
        let mut done = Vec::new();
        for first in 1..threads {
            match std::thread::Builder::new().name("graph compiler".into()).spawn_scoped(scope, work(first)) {
                Ok(handle) => handles.push(handle),
                // No thread: this one does its work.
                Err(_) => done.extend(work(first)()),
            }
        }
        done.extend(work(0)());
        for handle in handles {
            match handle.join() {
                Ok(part) => done.extend(part),
                Err(payload) => std::panic::resume_unwind(payload),
            }
        }
        done
    });
    built.sort_by_key(|(number, _)| *number);
    built.into_iter().map(|(_, pipeline)| pipeline).collect::<Result<_, Error>>()
}
