//! One run of a graph.

use std::ops::Range;
use std::panic::Location;
use std::sync::Arc;

use super::descriptor::GraphExecutionDescriptor;
use super::loaded::{Loaded, Work};
use super::{Inner, sizes};
use crate::backend::Binding;
use crate::backend::tensor_program::{Executable, ProgramCall};
use crate::buffer::{Buffer, ResourceOptions};
use crate::command_buffer::{CommandBuffer, Uses, add_use};
use crate::encoder::check_device;
use crate::error::Result;
use crate::graph::compile::program::{Action, Slot};
use crate::graph::data::TensorData;
use crate::graph::error::{GraphError, GraphProblem};
use crate::graph::handle::GraphTensor;
use crate::graph::ir::{NodeId, Op, TensorType};
use crate::graph::lower::{Place, TensorGraph};
use crate::queue::CommandQueue;
use crate::size::Size;

/// A run of a graph that has been handed to a queue; made by
/// [`GraphExecutable::execute`](super::GraphExecutable::execute).
#[derive(Clone, Debug)]
pub struct GraphExecution {
    command_buffer: CommandBuffer,
    tensors: Vec<GraphTensor>,
    types: Vec<TensorType>,
    results: Vec<Buffer>,
}

impl GraphExecution {
    /// The buffers of the targets, in the order of the executable's targets. Reading one waits for the work.
    pub fn results(&self) -> &[Buffer] {
        &self.results
    }

    /// The buffer of one target; `None` if the tensor is none.
    pub fn result(&self, target: &GraphTensor) -> Option<&Buffer> {
        self.place(target).map(|place| &self.results[place])
    }

    /// The values of one target, after waiting for the work.
    ///
    /// # Errors
    ///
    /// The tensor is no target of the executable, the work has failed, or the buffer is private or mapped.
    #[track_caller]
    pub fn read(&self, target: &GraphTensor) -> Result<TensorData> {
        let location = Location::caller();
        let error = |problem| GraphError::new("read", location, problem);
        let Some(place) = self.place(target) else {
            let got = format!("{target:?}");
            let expected = "a target of the executable".into();
            return Err(error(GraphProblem::Parameter { parameter: "target", got, expected }).into());
        };
        self.wait_until_completed()?;
        let ty = &self.types[place];
        let shape = ty.shape.known().unwrap_or_default();
        let length = shape.iter().product::<usize>() * ty.data_type.size();
        let bytes = self.results[place].read_range::<u8>(0..length)?;
        TensorData::from_bytes(ty.data_type, shape, &bytes)
    }

    /// The command buffer with the work.
    pub fn command_buffer(&self) -> &CommandBuffer {
        &self.command_buffer
    }

    /// Waits until the work has ended: see [`CommandBuffer::wait_until_completed`].
    ///
    /// # Errors
    ///
    /// The error that ended the work.
    pub fn wait_until_completed(&self) -> Result<()> {
        self.command_buffer.wait_until_completed()
    }

    fn place(&self, target: &GraphTensor) -> Option<usize> {
        self.tensors.iter().position(|tensor| tensor == target)
    }
}

/// What is needed to encode a run, after all checks.
pub(super) struct Prepared<'a> {
    pub(super) loaded: Arc<Loaded>,
    feeds: Vec<Option<&'a Buffer>>,
    targets: Vec<Buffer>,
    /// For values on their way.
    memory: Arc<[Buffer]>,
}

/// Checks everything, and has kernels and memory ready.
pub(super) fn prepare<'a>(
    inner: &Inner,
    operation: &'static str,
    queue: &CommandQueue,
    inputs: &[(&GraphTensor, &'a Buffer)],
    results: &[(&GraphTensor, &Buffer)],
    descriptor: &GraphExecutionDescriptor,
    location: &'static Location<'static>,
) -> Result<Prepared<'a>> {
    let error = |problem| GraphError::new(operation, location, problem);
    let device = inner.device.device();
    check_device(device, queue.device(), || "the command queue".into())?;
    let feeds = by_place(inner, "inputs", &inner.feeds, inputs).map_err(error)?;
    let given = by_place(inner, "results", &inner.targets, results).map_err(error)?;
    for (_, buffer) in inputs.iter().chain(results) {
        check_device(device, buffer.device(), || buffer.describe())?;
    }
    check_shared(inner, &feeds, &given).map_err(error)?;

    let mut bindings = sizes::given(&inner.arena, &inner.descriptor.dimensions).map_err(error)?;
    bindings.extend(sizes::given(&inner.arena, &descriptor.dimensions).map_err(error)?);
    sizes::from_lengths(inner, &feeds, &mut bindings).map_err(error)?;
    let known = inner.find(&bindings);
    let loaded = match known {
        Some(loaded) => loaded,
        None => {
            if let Some(name) = sizes::missing(inner, &bindings) {
                return Err(error(GraphProblem::UnknownDimension { name }).into());
            }
            inner.load(&bindings)?
        }
    };

    for (place, (&id, buffer)) in inner.feeds.iter().zip(&feeds).enumerate() {
        let placeholder = &inner.arena.nodes[id];
        match buffer {
            Some(buffer) => {
                let Op::Placeholder { data_type, shape } = &placeholder.op else { continue };
                let shape = shape.substitute(&bindings).unwrap_or_default();
                check_length(inner, id, &TensorType::new(*data_type, shape), buffer).map_err(error)?;
            }
            None if loaded.needs_feed(place) => {
                let placeholder = inner.arena.describe(id);
                return Err(error(GraphProblem::MissingInput { placeholder }).into());
            }
            None => {}
        }
    }
    let mut targets = Vec::with_capacity(given.len());
    for ((&id, buffer), ty) in inner.targets.iter().zip(&given).zip(&loaded.targets) {
        targets.push(match buffer {
            Some(buffer) => {
                check_length(inner, id, ty, buffer).map_err(error)?;
                (*buffer).clone()
            }
            None => device.new_buffer_with_length(length(ty).max(1), ResourceOptions::default())?,
        });
    }

    let memory = loaded.memory(queue)?;
    Ok(Prepared { loaded, feeds, targets, memory })
}

/// Checks everything, and hands the work to the queue.
pub(super) fn execute(
    inner: &Inner,
    queue: &CommandQueue,
    inputs: &[(&GraphTensor, &Buffer)],
    results: &[(&GraphTensor, &Buffer)],
    descriptor: &GraphExecutionDescriptor,
    location: &'static Location<'static>,
) -> Result<GraphExecution> {
    let prepared = prepare(inner, "execute", queue, inputs, results, descriptor, location)?;
    let command_buffer = queue.new_command_buffer();
    command_buffer.set_label("graph");
    encode(&command_buffer, &prepared, 0..prepared.loaded.work.steps())?;
    encode_copies(&command_buffer, &prepared)?;
    if let Some(handler) = &descriptor.handler {
        let handler = Arc::clone(handler);
        command_buffer.add_completed_handler(move |done| handler(done))?;
    }
    command_buffer.commit()?;
    if descriptor.wait {
        command_buffer.wait_until_completed()?;
    }
    let tensors = inner.targets.iter().map(|&id| inner.graph.tensor(id)).collect();
    Ok(GraphExecution {
        command_buffer,
        tensors,
        types: prepared.loaded.targets.clone(),
        results: prepared.targets,
    })
}

/// Encodes some of a run's steps.
pub(super) fn encode(
    command_buffer: &CommandBuffer,
    prepared: &Prepared<'_>,
    steps: Range<usize>,
) -> Result<()> {
    let Prepared { loaded, feeds, targets, memory } = prepared;
    let (program, pipelines) = match &loaded.work {
        Work::Kernels { program, pipelines } => (program, pipelines),
        Work::Program { graph, executable } => {
            return executable.iter().try_for_each(|executable| {
                encode_program(command_buffer, prepared, graph, Arc::clone(executable))
            });
        }
    };
    let mut encoder = command_buffer.new_compute_command_encoder()?;
    for step in &program.steps[steps] {
        let place = |&slot| loaded.place(slot, feeds, targets, memory);
        match &step.action {
            Action::Kernel { function, grid, threadgroup } => {
                encoder.set_compute_pipeline_state(&pipelines[*function])?;
                for (index, (buffer, offset)) in step.arguments.iter().map(place).enumerate() {
                    encoder.set_buffer(buffer, offset, index)?;
                }
                encoder.dispatch_threads(size(*grid), size(*threadgroup))?;
            }
            // Buffers have been checked against the sizes of their tensors, which the routine has its sizes from,
            // and the plan keeps all values apart that are needed at the same time.
            Action::Routine(routine) => {
                let (read, written) = step.arguments.split_at(2 + usize::from(routine.epilogue().bias));
                let ([first, second, bias @ ..], [result, scratch @ ..]) = (read, written) else {
                    unreachable!("routines have two operands and a result")
                };
                let operands = [place(first), place(second)];
                let (bias, scratch) = (bias.first().map(place), scratch.first().map(place));
                let laid_out = matches!(second, Slot::LaidOut(_));
                encoder.perform(routine, operands, laid_out, bias, place(result), scratch);
            }
        }
    }
    encoder.end_encoding()?;
    Ok(())
}

/// Encodes a program that the device executes by itself.
fn encode_program(
    command_buffer: &CommandBuffer,
    prepared: &Prepared<'_>,
    graph: &TensorGraph,
    executable: Arc<dyn Executable>,
) -> Result<()> {
    let Prepared { loaded, feeds, targets, memory } = prepared;
    let mut uses = Uses::new();
    let mut bind = |&place: &Place, writes: bool| {
        let buffer = loaded.buffer(place, feeds, targets, memory);
        add_use(&mut uses, buffer, writes);
        Binding::Buffer {
            buffer: buffer.backend().clone(),
            offset: buffer.backend_offset(),
            length: buffer.length(),
        }
    };
    let feeds = graph.feeds.iter().map(|place| bind(place, false)).collect();
    let results = graph.results.iter().map(|place| bind(place, true)).collect();
    command_buffer.encode_program("graph", ProgramCall { executable, feeds, results }, uses)
}

/// Encodes what a run does at its end: puts values into variables whose old ones were needed until then, and what is not
/// computed into targets.
pub(super) fn encode_copies(command_buffer: &CommandBuffer, prepared: &Prepared<'_>) -> Result<()> {
    let Prepared { loaded, feeds, targets, memory } = prepared;
    let copies: Vec<(&Buffer, usize, &Buffer, usize)> = match &loaded.work {
        Work::Kernels { program, .. } => {
            let copies = program.copies.iter();
            copies.map(|copy| (&memory[0], copy.from, loaded.variable(copy.to), copy.size)).collect()
        }
        Work::Program { graph, .. } => {
            let buffer = |place| loaded.buffer(place, feeds, targets, memory);
            graph.moves.iter().map(|copy| (buffer(copy.from), 0, buffer(copy.to), copy.size)).collect()
        }
    };
    if copies.is_empty() {
        return Ok(());
    }
    let mut encoder = command_buffer.new_blit_command_encoder()?;
    for (from, offset, to, size) in copies {
        encoder.copy_from_buffer(from, offset, to, 0, size)?;
    }
    encoder.end_encoding()
}

fn size([width, height, depth]: [usize; 3]) -> Size {
    Size::new(width, height, depth)
}

fn length(ty: &TensorType) -> usize {
    ty.shape.known().unwrap_or_default().iter().product::<usize>() * ty.data_type.size()
}

/// Buffers in the order of an executable's tensors.
fn by_place<'a>(
    inner: &Inner,
    argument: &'static str,
    nodes: &[NodeId],
    given: &[(&GraphTensor, &'a Buffer)],
) -> Result<Vec<Option<&'a Buffer>>, GraphProblem> {
    let mut buffers = vec![None; nodes.len()];
    for (tensor, buffer) in given {
        if !tensor.graph().is(&inner.graph) {
            return Err(GraphProblem::ForeignTensor { argument });
        }
        let problem = |got, expected: &str| GraphProblem::Parameter {
            parameter: argument,
            got,
            expected: expected.into(),
        };
        let Some(place) = nodes.iter().position(|&id| id == tensor.id()) else {
            let expected =
                if argument == "inputs" { "feeds of the executable" } else { "targets of the executable" };
            return Err(problem(format!("{tensor:?}"), expected));
        };
        if buffers[place].replace(*buffer).is_some() {
            return Err(problem(format!("{tensor:?} twice"), "each tensor once"));
        }
    }
    Ok(buffers)
}

/// Checks that no result lies where something else does.
fn check_shared(
    inner: &Inner,
    feeds: &[Option<&Buffer>],
    targets: &[Option<&Buffer>],
) -> Result<(), GraphProblem> {
    let pairs = |nodes: &[NodeId], buffers: &[Option<&Buffer>]| -> Vec<(NodeId, Buffer)> {
        nodes.iter().zip(buffers).filter_map(|(&id, buffer)| Some((id, (*buffer)?.clone()))).collect()
    };
    let mut others = pairs(&inner.feeds, feeds);
    for (id, buffer) in pairs(&inner.targets, targets) {
        if let Some((other, _)) = others.iter().find(|(_, other)| *other == buffer) {
            return Err(GraphProblem::SharedBuffer {
                buffer: buffer.describe(),
                first: inner.arena.describe(*other),
                second: inner.arena.describe(id),
            });
        }
        others.push((id, buffer));
    }
    Ok(())
}

fn check_length(inner: &Inner, id: NodeId, ty: &TensorType, buffer: &Buffer) -> Result<(), GraphProblem> {
    let expected = length(ty);
    if buffer.length() >= expected {
        return Ok(());
    }
    Err(GraphProblem::BufferLength {
        tensor: inner.arena.describe(id),
        data_type: ty.data_type,
        shape: ty.shape.clone(),
        buffer: buffer.describe(),
        got: buffer.length(),
        expected,
    })
}
