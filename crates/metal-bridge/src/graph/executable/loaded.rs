//! What runs, on its device: kernels or a program of the device's, constants, variables, and memory for values on their way.

use std::sync::Arc;

use super::Inner;
use crate::backend::tensor_program::Executable;
use crate::buffer::{Buffer, ResourceOptions};
use crate::device::Device;
use crate::error::{Error, Result};
use crate::graph::TensorData;
use crate::graph::compile::description::Placement;
use crate::graph::compile::program::{LaidOut, Program, Slot, function_name};
use crate::graph::dim::Bindings;
use crate::graph::ir::{TensorType, VariableId};
use crate::graph::lower::{Place, TensorGraph};
use crate::pipeline::ComputePipelineState;
use crate::queue::CommandQueue;
use crate::sync::{Mutex, lock};
use msl_types::{CompileOptions, MathMode};

/// For how many queues memory is kept.
const MOST_ARENAS: usize = 8;

pub(super) struct Loaded {
    pub(super) bindings: Bindings,
    pub(super) work: Work,
    /// The targets' types, in their order.
    pub(super) targets: Vec<TensorType>,
    constants: Vec<Buffer>,
    laid_out: Vec<Buffer>,
    variables: Vec<(VariableId, Buffer)>,
    /// Memory for values on their way: executions on one queue never overlap.
    memory: Mutex<Vec<(CommandQueue, Arc<[Buffer]>)>>,
}

/// What an execution hands to its queue.
pub(super) enum Work {
    Kernels {
        program: Box<Program>,
        pipelines: Vec<ComputePipelineState>,
    },
    /// One program that the device executes by itself; `None` if there is nothing to compute.
    Program {
        graph: Box<TensorGraph>,
        executable: Option<Arc<dyn Executable>>,
    },
}

impl Work {
    /// Kernels, compiled.
    pub(super) fn kernels(device: &Device, program: Program) -> Result<Self> {
        let pipelines = pipelines(device, &program)?;
        Ok(Self::Kernels { program: Box::new(program), pipelines })
    }

    /// How many steps there are: dispatches and routines, or one program.
    pub(super) fn steps(&self) -> usize {
        match self {
            Self::Kernels { program, .. } => program.steps.len(),
            Self::Program { executable, .. } => usize::from(executable.is_some()),
        }
    }

    fn constants(&self) -> &[TensorData] {
        match self {
            Self::Kernels { program, .. } => &program.constants,
            Self::Program { graph, .. } => &graph.constants,
        }
    }

    fn variables(&self) -> &[VariableId] {
        match self {
            Self::Kernels { program, .. } => &program.variables,
            Self::Program { graph, .. } => &graph.variables,
        }
    }

    /// Where values lie between kernels.
    pub(super) fn placements(&self) -> &[Placement] {
        match self {
            Self::Kernels { program, .. } => &program.memory,
            Self::Program { .. } => &[],
        }
    }

    /// The bytes of each buffer for values on their way: one between kernels, if it is needed; or one for each new value of a
    /// variable that a program makes.
    pub(super) fn memory(&self) -> Vec<usize> {
        match self {
            Self::Kernels { program, .. } => {
                (program.arena > 0).then_some(program.arena).into_iter().collect()
            }
            Self::Program { graph, .. } => graph.staging.clone(),
        }
    }
}

impl Loaded {
    pub(super) fn new(
        inner: &Inner,
        work: Work,
        bindings: Bindings,
        targets: Vec<TensorType>,
    ) -> Result<Self> {
        let device = inner.device.device();
        let constants = work
            .constants()
            .iter()
            .map(|data| device.new_buffer_with_bytes(data.bytes(), ResourceOptions::default()))
            .collect::<Result<_>>()?;
        let laid_out = match &work {
            Work::Kernels { program, .. } => program.laid_out.as_slice(),
            Work::Program { .. } => &[],
        };
        let laid_out = laid_out
            .iter()
            .map(|LaidOut { constant, routine }| device.lay_out(routine, constant.bytes()))
            .collect::<Result<_>>()?;
        let variables = work
            .variables()
            .iter()
            .map(|&id| {
                let initial = &inner.arena.variables[id].initial;
                Ok((id, inner.device.buffer(&inner.graph, id, initial)?))
            })
            .collect::<Result<_>>()?;
        Ok(Self { bindings, work, targets, constants, laid_out, variables, memory: Mutex::default() })
    }

    /// The memory for values on their way, for a queue.
    pub(super) fn memory(&self, queue: &CommandQueue) -> Result<Arc<[Buffer]>> {
        let lengths = self.work.memory();
        if lengths.is_empty() {
            return Ok(Arc::default());
        }
        let mut memory = lock(&self.memory);
        if let Some((_, buffers)) = memory.iter().find(|(owner, _)| owner.is(queue)) {
            return Ok(buffers.clone());
        }
        let new = |length| {
            let buffer = queue.device().new_buffer_with_length(length, ResourceOptions::default())?;
            buffer.set_label("graph arena");
            Ok(buffer)
        };
        let buffers = lengths.into_iter().map(new).collect::<Result<Arc<[Buffer]>>>()?;
        if memory.len() == MOST_ARENAS {
            memory.remove(0);
        }
        memory.push((queue.clone(), buffers.clone()));
        Ok(buffers)
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
        memory: &'a [Buffer],
    ) -> (&'a Buffer, usize) {
        match slot {
            Slot::Feed(place) => (feeds[place].expect("needed feeds have buffers"), 0),
            Slot::Target(place) => (&targets[place], 0),
            Slot::Variable(id) => (self.variable(id), 0),
            Slot::Constant(place) => (&self.constants[place], 0),
            Slot::LaidOut(place) => (&self.laid_out[place], 0),
            Slot::Arena(offset) => (&memory[0], offset),
        }
    }

    /// The buffer of a place.
    pub(super) fn buffer<'a>(
        &'a self,
        place: Place,
        feeds: &[Option<&'a Buffer>],
        targets: &'a [Buffer],
        memory: &'a [Buffer],
    ) -> &'a Buffer {
        match place {
            Place::Feed(number) => feeds[number].expect("needed feeds have buffers"),
            Place::Target(number) => &targets[number],
            Place::Variable(id) => self.variable(id),
            Place::Constant(number) => &self.constants[number],
            Place::Staging(number) => &memory[number],
        }
    }

    /// Whether a feed is read.
    pub(super) fn needs_feed(&self, place: usize) -> bool {
        match &self.work {
            Work::Kernels { program, .. } => {
                program.steps.iter().any(|step| step.arguments.contains(&Slot::Feed(place)))
            }
            Work::Program { graph, .. } => graph.needs_feed(place),
        }
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
