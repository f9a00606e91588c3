//! How graphs are compiled and executed.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::command_buffer::CommandBuffer;
use crate::graph::handle::GraphTensor;

/// How much a graph is changed before it runs, or before MPSGraph has it, which optimises it as it likes.
#[doc(alias = "MPSGraphOptimization")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GraphOptimization {
    /// Not at all: each operation is a kernel of its own, or operations of MPSGraph's. For looking for mistakes.
    #[doc(alias = "MPSGraphOptimizationLevel0")]
    Level0,
    /// All passes, and fusion.
    #[default]
    #[doc(alias = "MPSGraphOptimizationLevel1")]
    Level1,
}

/// How a graph is compiled.
///
/// ```
/// use metal_bridge::graph::{GraphCompilationDescriptor, GraphOptimization};
///
/// let descriptor = GraphCompilationDescriptor::new()
///     .optimization_level(GraphOptimization::Level0)
///     .dimension("batch", 32);
/// ```
#[doc(alias = "MPSGraphCompilationDescriptor")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphCompilationDescriptor {
    pub(super) optimization_level: GraphOptimization,
    pub(super) dimensions: BTreeMap<String, usize>,
    pub(super) cached_shapes: usize,
    pub(super) operations: Vec<GraphTensor>,
}

impl Default for GraphCompilationDescriptor {
    fn default() -> Self {
        Self {
            optimization_level: GraphOptimization::default(),
            dimensions: BTreeMap::new(),
            cached_shapes: 8,
            operations: Vec::new(),
        }
    }
}

impl GraphCompilationDescriptor {
    /// All as by default.
    #[doc(alias = "NewGraphCompilationDescriptor")]
    #[doc(alias = "MPSGraphCompilationDescriptor")]
    pub fn new() -> Self {
        Self::default()
    }

    /// How much the graph is changed; by default, [`GraphOptimization::Level1`].
    #[must_use]
    #[doc(alias = "optimizationLevel")]
    pub fn optimization_level(mut self, level: GraphOptimization) -> Self {
        self.optimization_level = level;
        self
    }

    /// The size of an open dimension in all executions. If no other is open, the graph is compiled at once.
    #[must_use]
    pub fn dimension(mut self, name: &str, size: usize) -> Self {
        self.dimensions.insert(name.to_owned(), size);
        self
    }

    /// For how many combinations of sizes of open dimensions kernels and memory are kept, at least 1; by default
    /// 8. The one that has not been used for the longest time gives way.
    #[must_use]
    pub fn cached_shapes(mut self, count: usize) -> Self {
        self.cached_shapes = count;
        self
    }

    /// Assignments that executions make although nobody reads their values, such as those of
    /// [`adam_step`](crate::Graph::adam_step): unlike targets they get no buffers. Calls add up.
    #[must_use]
    #[doc(alias = "targetOperations")]
    pub fn target_operations<'a>(mut self, assignments: impl IntoIterator<Item = &'a GraphTensor>) -> Self {
        self.operations.extend(assignments.into_iter().cloned());
        self
    }
}

pub(super) type Handler = Arc<dyn Fn(&CommandBuffer) + Send + Sync>;

/// How a graph is executed.
///
/// ```
/// use metal_bridge::graph::GraphExecutionDescriptor;
///
/// let descriptor = GraphExecutionDescriptor::new()
///     .wait_until_completed(true)
///     .completion_handler(|command_buffer| println!("{:?}", command_buffer.status()));
/// ```
#[doc(alias = "MPSGraphExecutableExecutionDescriptor")]
#[derive(Clone, Default)]
pub struct GraphExecutionDescriptor {
    pub(super) wait: bool,
    pub(super) handler: Option<Handler>,
    pub(super) dimensions: BTreeMap<String, usize>,
}

impl GraphExecutionDescriptor {
    /// All as by default.
    #[doc(alias = "NewGraphExecutionDescriptor")]
    #[doc(alias = "MPSGraphExecutableExecutionDescriptor")]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether `execute` returns only when the work has ended, with its error if it has failed. By default it
    /// returns at once.
    #[must_use]
    #[doc(alias = "waitUntilCompleted")]
    pub fn wait_until_completed(mut self, wait: bool) -> Self {
        self.wait = wait;
        self
    }

    /// A function that is called when the work of an execution has ended, well or not: see
    /// [`CommandBuffer::add_completed_handler`].
    #[must_use]
    #[doc(alias = "completionHandler")]
    pub fn completion_handler(mut self, handler: impl Fn(&CommandBuffer) + Send + Sync + 'static) -> Self {
        self.handler = Some(Arc::new(handler));
        self
    }

    /// The size of an open dimension. Without it the size follows from the length of an input's buffer, if that
    /// input has no other open dimension.
    #[must_use]
    pub fn dimension(mut self, name: &str, size: usize) -> Self {
        self.dimensions.insert(name.to_owned(), size);
        self
    }
}

impl fmt::Debug for GraphExecutionDescriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GraphExecutionDescriptor")
            .field("wait_until_completed", &self.wait)
            .field("completion_handler", &self.handler.is_some())
            .field("dimensions", &self.dimensions)
            .finish()
    }
}
