//! Graphs made ready to run.

mod descriptor;
mod device;
mod execution;
mod loaded;
mod picture;
mod profile;
mod sizes;

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

pub use descriptor::{GraphCompilationDescriptor, GraphExecutionDescriptor, GraphOptimization};
pub use device::GraphDevice;
#[cfg(feature = "safetensors")]
pub(super) use device::{check_value, variable};
pub use execution::GraphExecution;
pub use profile::{GraphProfile, GraphStepProfile};

use super::compile::description::memory_text;
use super::compile::program::{self, Action, Options};
use super::dim::Bindings;
use super::error::{GraphError, GraphProblem};
use super::handle::{Graph, GraphTensor};
use super::ir::specialise::specialise;
use super::ir::{Arena, NodeId, Op};
use super::lower::lower;
use crate::buffer::Buffer;
use crate::error::{Error, Result};
use crate::queue::CommandQueue;
use crate::size::Size;
use crate::switches;
use crate::sync::{Mutex, lock};
use loaded::{Loaded, Work};

impl Graph {
    /// Makes what is needed to compute `targets` from `feeds` ready to run on a device: the operations are
    /// simplified, fused into kernels, and compiled. On Apple's GPUs (from macOS 14, iOS 17 and tvOS 17 on) MPSGraph compiles and
    /// executes the simplified graph instead, except with tensors of 2 GiB or more.
    ///
    /// The executable keeps to the graph as it is now: operations that are added later do not change it.
    /// Assignments of variables run if a target needs them, so the results of
    /// [`assign`](Self::assign) are given as targets.
    ///
    /// If a dimension of a feed is open and the descriptor does not give its size, compilation waits for an
    /// execution that tells the size; kernels for the last few sizes are kept.
    ///
    /// ```
    /// use metal_bridge::graph::{
    ///     Graph, GraphCompilationDescriptor, GraphDevice, GraphExecutionDescriptor, TensorDataType,
    /// };
    /// use metal_bridge::{Device, ResourceOptions};
    ///
    /// # fn main() -> metal_bridge::Result<()> {
    /// let graph = Graph::new();
    /// let x = graph.placeholder_tensor([2, 2], TensorDataType::Float32)?;
    /// let y = graph.softmax(&x, -1)?;
    ///
    /// let device = Device::system_default()?;
    /// let graph_device = GraphDevice::new(&device);
    /// let executable =
    ///     graph.compile(&graph_device, &[&x], &[&y], &GraphCompilationDescriptor::new())?;
    ///
    /// let queue = device.new_command_queue()?;
    /// let input = device.new_buffer_with_data(&[0.0f32, 0.0, 5.0, 5.0], ResourceOptions::default())?;
    /// let execution =
    ///     executable.execute(&queue, &[(&x, &input)], None, &GraphExecutionDescriptor::new())?;
    /// assert_eq!(execution.results()[0].read::<f32>()?, [0.5; 4]); // waits for the work
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// There is neither a target nor a target operation, or one of these is no assignment; a tensor is of another graph, or given twice; a feed is no placeholder; a placeholder
    /// that a target needs is no feed; two targets assign one variable; an operation is not possible with the
    /// sizes that the descriptor gives; the device has no memory for constants and variables; or MPSGraph fails
    /// ([`Error::Metal`]).
    #[doc(alias = "compileWithDevice:feeds:targetTensors:targetOperations:compilationDescriptor:")]
    #[track_caller]
    pub fn compile(
        &self,
        device: &GraphDevice,
        feeds: &[&GraphTensor],
        targets: &[&GraphTensor],
        descriptor: &GraphCompilationDescriptor,
    ) -> Result<GraphExecutable> {
        let location = Location::caller();
        let error = |problem| GraphError::new("compile", location, problem);
        let operations: Vec<&GraphTensor> = descriptor.operations.iter().collect();
        for (argument, tensors) in
            [("feeds", feeds), ("targets", targets), ("target_operations", &operations)]
        {
            if tensors.iter().any(|tensor| !tensor.graph().is(self)) {
                return Err(error(GraphProblem::ForeignTensor { argument }).into());
            }
        }
        let arena = self.lock().clone();
        let ids = |tensors: &[&GraphTensor]| tensors.iter().map(|tensor| tensor.id()).collect::<Vec<_>>();
        let (feed_ids, target_ids, operations) = (ids(feeds), ids(targets), ids(&operations));
        check(&arena, &feed_ids, &target_ids, &operations).map_err(error)?;
        let print = switches::print_graphs()?;
        let executable = GraphExecutable(Arc::new(Inner {
            device: device.clone(),
            graph: self.clone(),
            arena,
            feeds: feed_ids,
            targets: target_ids,
            operations,
            descriptor: descriptor.clone(),
            print,
            loaded: Mutex::default(),
        }));
        let inner = &executable.0;
        let bindings = sizes::given(&inner.arena, &descriptor.dimensions).map_err(error)?;
        if sizes::missing(inner, &bindings).is_none() {
            inner.load(&bindings)?;
        }
        Ok(executable)
    }
}

/// Checks what is fed and what is wanted.
fn check(
    arena: &Arena,
    feeds: &[NodeId],
    targets: &[NodeId],
    operations: &[NodeId],
) -> Result<(), GraphProblem> {
    let problem = |parameter, got: String, expected: &str| {
        Err(GraphProblem::Parameter { parameter, got, expected: expected.into() })
    };
    if targets.is_empty() && operations.is_empty() {
        return problem("targets", "empty".into(), "at least one tensor");
    }
    for (parameter, ids) in [("feeds", feeds), ("targets", targets)] {
        for (i, id) in ids.iter().enumerate() {
            if ids[..i].contains(id) {
                return problem(parameter, format!("{} twice", arena.describe(*id)), "each tensor once");
            }
        }
    }
    if let Some(&id) = feeds.iter().find(|&&id| !matches!(arena.nodes[id].op, Op::Placeholder { .. })) {
        return problem("feeds", arena.describe(id), "placeholders");
    }
    if let Some(&id) = operations.iter().find(|&&id| !matches!(arena.nodes[id].op, Op::Assign(_))) {
        return problem("target_operations", arena.describe(id), "assignments");
    }
    let needed = arena.reachable(&[targets, operations].concat());
    arena.assignments(&needed)?;
    let is_missing =
        |id: &NodeId| matches!(arena.nodes[*id].op, Op::Placeholder { .. }) && !feeds.contains(id);
    match needed.into_iter().find(is_missing) {
        Some(id) => Err(GraphProblem::MissingInput { placeholder: arena.describe(id) }),
        None => Ok(()),
    }
}

/// A graph that is ready to run; made by [`Graph::compile`]. A cheap handle: clones are the same executable.
///
/// Executions on one queue run one after the other and share the memory for what lies between kernels; each
/// further queue gets memory of its own when it is used first. After that, executions allocate nothing but the
/// results that they are not given buffers for.
#[doc(alias = "MPSGraphExecutable")]
#[derive(Clone)]
pub struct GraphExecutable(Arc<Inner>);

pub(crate) struct Inner {
    device: GraphDevice,
    graph: Graph,
    arena: Arena,
    feeds: Vec<NodeId>,
    targets: Vec<NodeId>,
    /// Assignments that are no targets.
    operations: Vec<NodeId>,
    descriptor: GraphCompilationDescriptor,
    print: bool,
    /// For the sizes used last, the latest first.
    loaded: Mutex<Vec<Arc<Loaded>>>,
}

impl Inner {
    /// The kernels for some sizes, compiled if they are not there.
    fn load(&self, bindings: &Bindings) -> Result<Arc<Loaded>> {
        if let Some(found) = self.find(bindings) {
            return Ok(found);
        }
        let specialised =
            specialise(&self.arena, &[self.targets.as_slice(), &self.operations].concat(), bindings)?;
        let node = |id: &NodeId| specialised.node(*id);
        let feeds: Vec<Option<NodeId>> = self.feeds.iter().map(node).collect();
        let targets: Vec<NodeId> = self.targets.iter().filter_map(node).collect();
        let arena = specialised.arena;
        let target_types = targets.iter().map(|&id| arena.ty(id).clone()).collect();
        let work = match self.program(&arena, &feeds, &targets)? {
            Some(work) => work,
            None => self.kernels(arena, feeds, &targets)?,
        };
        let loaded = Arc::new(Loaded::new(self, work, bindings.clone(), target_types)?);
        let mut all = lock(&self.loaded);
        all.insert(0, Arc::clone(&loaded));
        all.truncate(self.descriptor.cached_shapes.max(1));
        Ok(loaded)
    }

    fn optimises(&self) -> bool {
        self.descriptor.optimization_level != GraphOptimization::Level0
    }

    /// The graph as a program that the device executes by itself; `None` if the device does not.
    fn program(&self, arena: &Arena, feeds: &[Option<NodeId>], targets: &[NodeId]) -> Result<Option<Work>> {
        let device = self.device.device();
        if !device.executes_tensor_programs() {
            return Ok(None);
        }
        let (feeds, optimise) = (feeds.to_vec(), self.optimises());
        let graph = match lower(arena.clone(), feeds, targets, device, optimise, self.print) {
            Ok(graph) => Box::new(graph),
            Err(reason) => {
                tracing::warn!(reason, "a graph is compiled to kernels");
                return Ok(None);
            }
        };
        if self.print {
            eprintln!("program:\n{}", graph.program.text());
        }
        if graph.program.results().is_empty() {
            return Ok(Some(Work::Program { graph, executable: None }));
        }
        let executable = device.new_executable(&graph.program)?;
        Ok(executable.map(|executable| Work::Program { graph, executable: Some(executable) }))
    }

    /// The graph as kernels, compiled.
    fn kernels(&self, arena: Arena, feeds: Vec<Option<NodeId>>, targets: &[NodeId]) -> Result<Work> {
        let device = self.device.device();
        let options = Options { device, optimise: self.optimises(), print: self.print };
        let too_long = || Error::BufferTooLong { length: usize::MAX, limit: device.max_buffer_length() };
        let program = program::compile(arena, feeds, targets, options).ok_or_else(too_long)?;
        for step in &program.steps {
            let Action::Kernel { function, grid, .. } = step.action else { continue };
            if grid.iter().any(|&extent| u32::try_from(extent).is_err()) {
                return Err(Error::GridTooLarge {
                    kernel: program::function_name(function),
                    grid: Size::from(grid),
                    unit: "threads",
                    limit: u32::MAX,
                });
            }
        }
        Work::kernels(device, program)
    }

    /// The kernels for some sizes, if they are there: now they are the ones used last.
    fn find(&self, bindings: &Bindings) -> Option<Arc<Loaded>> {
        let mut all = lock(&self.loaded);
        let place = all.iter().position(|loaded| loaded.bindings == *bindings)?;
        all[..=place].rotate_right(1);
        Some(Arc::clone(&all[0]))
    }
}

impl GraphExecutable {
    /// Runs the graph: hands one command buffer to the queue and returns at once, unless the descriptor asks to
    /// wait.
    ///
    /// `inputs` are the buffers of the feeds, in any order; feeds that no target needs can be missing. `results`
    /// are buffers for targets; a target without one gets a new buffer. Elements lie in row-major order from the
    /// start of a buffer, which may be longer than the tensor.
    ///
    /// Variables have their new values for everything that the queue runs later. If a kernel fails on the way,
    /// which shows as the error of the command buffer, targets and variables may have been written in part.
    ///
    /// # Errors
    ///
    /// A tensor is of another graph, is no feed or no target of this executable, or is given twice; a feed is
    /// missing; a buffer is too short, belongs to another device, or is given for a result and for something
    /// else; the size of an open dimension is not known or contradictory; a buffer is mapped; or whatever can be
    /// wrong with a compilation, if the sizes are new.
    #[doc(alias = "runWithMTLCommandQueue:inputsArray:resultsArray:executionDescriptor:")]
    #[doc(alias = "Execute")]
    #[track_caller]
    pub fn execute(
        &self,
        queue: &CommandQueue,
        inputs: &[(&GraphTensor, &Buffer)],
        results: Option<&[(&GraphTensor, &Buffer)]>,
        descriptor: &GraphExecutionDescriptor,
    ) -> Result<GraphExecution> {
        execution::execute(
            &self.0,
            queue,
            inputs,
            results.unwrap_or_default(),
            descriptor,
            Location::caller(),
        )
    }

    /// What the device runs: one text for each combination of sizes that is ready, the one used last first. It is the generated
    /// kernels in MSL, or, on devices that execute graphs through MPSGraph, the operations that MPSGraph is given. Comments say which
    /// tensors are computed and which calls they come from.
    pub fn sources(&self) -> Vec<String> {
        self.each(|work| match work {
            Work::Kernels { program, .. } => program.source.clone(),
            Work::Program { graph, .. } => graph.program.text(),
        })
    }

    /// The operations after all passes, as [`Graph::to_text`] shows them; for each combination of sizes as
    /// [`sources`](Self::sources).
    pub fn optimized_graphs(&self) -> Vec<String> {
        self.each(|work| match work {
            Work::Kernels { program, .. } => program.graph.clone(),
            Work::Program { graph, .. } => graph.graph.clone(),
        })
    }

    /// What lies where between kernels: offset, length, first and last step of each value in the arena; for each
    /// combination of sizes as [`sources`](Self::sources). MPSGraph does not tell where its values lie.
    pub fn memory_plans(&self) -> Vec<String> {
        self.each(|work| memory_text(work.memory().iter().sum(), work.placements()))
    }

    /// The [memory plans](Self::memory_plans) as pictures in SVG: steps from left to right, bytes from the top down, and
    /// a rectangle for each value while it is needed; for each combination of sizes as [`sources`](Self::sources).
    pub fn memory_pictures(&self) -> Vec<String> {
        self.each(|work| picture::draw(work.steps(), work.memory().iter().sum(), work.placements()))
    }

    /// The number of kernels that an execution dispatches, or of graphs that MPSGraph executes; for each combination of sizes
    /// as [`sources`](Self::sources).
    pub fn step_counts(&self) -> Vec<usize> {
        self.each(Work::steps)
    }

    /// The bytes of memory between kernels, or for the new values of variables that MPSGraph makes; for each combination of sizes
    /// as [`sources`](Self::sources).
    pub fn arena_lengths(&self) -> Vec<usize> {
        self.each(|work| work.memory().iter().sum())
    }

    fn each<T>(&self, of: impl Fn(&Work) -> T) -> Vec<T> {
        lock(&self.0.loaded).iter().map(|loaded| of(&loaded.work)).collect()
    }

    /// The device with the variables that it works on.
    pub fn device(&self) -> &GraphDevice {
        &self.0.device
    }

    /// The feeds, in the order in which they were given.
    #[doc(alias = "feedTensors")]
    pub fn feeds(&self) -> Vec<GraphTensor> {
        self.0.feeds.iter().map(|&id| self.0.graph.tensor(id)).collect()
    }

    /// The targets, in the order in which they were given.
    #[doc(alias = "targetTensors")]
    pub fn targets(&self) -> Vec<GraphTensor> {
        self.0.targets.iter().map(|&id| self.0.graph.tensor(id)).collect()
    }
}

impl fmt::Debug for GraphExecutable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GraphExecutable")
            .field("feeds", &self.0.feeds.len())
            .field("targets", &self.0.targets.len())
            .field("steps", &self.step_counts())
            .finish_non_exhaustive()
    }
}
