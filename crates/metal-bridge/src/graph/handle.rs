//! Handles: a graph, and a tensor in it.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use super::build::Call;
use super::data_type::TensorDataType;
use super::dim::Dim;
use super::error::{GraphError, GraphProblem};
use super::ir::{self, Arena, Key, NodeId, Origin};
use super::shape::Shape;
use crate::error::Result;
use crate::sync::{Mutex, MutexGuard, lock};

/// Operations on tensors, and the state they keep: see the [module](super) for how graphs are made and used.
///
/// A cheap handle: clones are the same graph. Nothing is ever removed from a graph; what its targets do not
/// need is not computed.
#[doc(alias = "MPSGraph")]
#[derive(Clone, Default)]
pub struct Graph {
    arena: Arc<Mutex<Arena>>,
}

impl Graph {
    /// A graph without operations.
    #[doc(alias = "NewGraph")]
    pub fn new() -> Self {
        Self::default()
    }

    /// The operations as text, one line for each: its number, what it does to which others, the type and shape
    /// of what it makes, and the call that it comes from.
    ///
    /// ```
    /// use metal_bridge::{Graph, TensorDataType};
    ///
    /// let graph = Graph::new();
    /// let x = graph.placeholder_tensor([2, 3], TensorDataType::Float32)?.with_label("x");
    /// let y = (&x * &x)?;
    /// assert!(graph.to_text().starts_with("%0 = placeholder : f32[2, 3]  // placeholder_tensor at "));
    /// # Ok::<(), metal_bridge::Error>(())
    /// ```
    pub fn to_text(&self) -> String {
        let arena = self.lock();
        let all: Vec<NodeId> = arena.nodes.iter().map(|(id, _)| id).collect();
        ir::print::text(&arena, &all)
    }

    /// The operations as a directed graph in the language of [Graphviz](https://graphviz.org): `dot -Tsvg`
    /// draws it.
    pub fn to_dot(&self) -> String {
        let arena = self.lock();
        let all: Vec<NodeId> = arena.nodes.iter().map(|(id, _)| id).collect();
        ir::print::dot(&arena, &all)
    }

    /// The operations as a drawing in SVG: operands above what is made of them. Places in the program show under the
    /// pointer.
    pub fn to_svg(&self) -> String {
        let arena = self.lock();
        let all: Vec<NodeId> = arena.nodes.iter().map(|(id, _)| id).collect();
        ir::drawing::svg(&arena, &all)
    }

    /// The number of primitive operations.
    pub fn operation_count(&self) -> usize {
        self.lock().nodes.len()
    }

    /// A graph of these operations.
    pub(crate) fn from_arena(arena: Arena) -> Self {
        Self { arena: Arc::new(Mutex::new(arena)) }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Arena> {
        lock(&self.arena)
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.arena, &other.arena)
    }

    /// The handle of a node.
    pub(crate) fn tensor(&self, id: NodeId) -> GraphTensor {
        GraphTensor { graph: self.clone(), id }
    }

    /// Does what one call of the program does, under one lock: all that it adds comes from `name` at the
    /// caller's place.
    #[track_caller]
    pub(crate) fn call<T>(
        &self,
        name: &'static str,
        build: impl FnOnce(&mut Call<'_>) -> Result<T, GraphProblem>,
    ) -> Result<T, GraphError> {
        let location = Location::caller();
        let origin = Origin { call: name, location, saved: None, gradient: false };
        build(&mut Call::new(self, origin)).map_err(|problem| GraphError::new(name, location, problem))
    }

    /// [`call`](Self::call), for what makes one tensor.
    #[track_caller]
    pub(crate) fn build(
        &self,
        name: &'static str,
        build: impl FnOnce(&mut Call<'_>) -> Result<NodeId, GraphProblem>,
    ) -> Result<GraphTensor> {
        Ok(self.tensor(self.call(name, build)?))
    }
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Graph({} operations)", self.operation_count())
    }
}

/// A tensor in a graph: what an operation makes, known by type and shape.
///
/// A cheap handle: clones are the same tensor. `+`, `-`, `*`, `/` and unary `-` make operations of tensors,
/// references to them and numbers (f64 and i32). One of the operands may be a result, so that many formulas
/// need one `?` only; the error names the place of the operator that is wrong.
///
/// ```
/// use metal_bridge::{Graph, TensorDataType};
///
/// let graph = Graph::new();
/// let x = graph.placeholder_tensor([8, 4], TensorDataType::Float32)?;
/// let scale = graph.placeholder_tensor([4], TensorDataType::Float32)?;
/// let y = (&x * &scale + &x)?;
/// let z = ((2.0 * &y)? - &x / &y)?;
/// assert_eq!(y.shape(), [8, 4]);
/// # Ok::<(), metal_bridge::Error>(())
/// ```
#[doc(alias = "MPSGraphTensor")]
#[derive(Clone)]
pub struct GraphTensor {
    graph: Graph,
    id: NodeId,
}

impl GraphTensor {
    /// The sizes of the dimensions, of which some may be open.
    #[doc(alias = "Shape")]
    pub fn shape(&self) -> Shape {
        self.graph.lock().ty(self.id).shape.clone()
    }

    /// The number of dimensions.
    pub fn rank(&self) -> usize {
        self.graph.lock().ty(self.id).shape.rank()
    }

    /// One size. Negative axes count from the last one: -1.
    ///
    /// # Errors
    ///
    /// There is no such axis.
    #[track_caller]
    pub fn dim(&self, axis: isize) -> Result<Dim> {
        Ok(self.graph.call("dim", |call| {
            let axis = call.axis("axis", axis, self.id)?;
            Ok(call.shape(self.id)[axis].clone())
        })?)
    }

    /// The type of the elements.
    #[doc(alias = "dataType")]
    pub fn data_type(&self) -> TensorDataType {
        self.graph.lock().ty(self.id).data_type
    }

    /// The graph that the tensor belongs to.
    #[doc(alias = "operation")]
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The tensor's name: in prints, errors and timings. Empty if it has none.
    pub fn label(&self) -> String {
        self.graph.lock().nodes[self.id].label.to_string()
    }

    /// Names the tensor. An operation that has nothing to do, as a reshape to the same shape, gives the tensor
    /// itself, which then gets the new name.
    pub fn set_label(&self, label: &str) {
        self.graph.lock().nodes[self.id].label = label.into();
    }

    /// Names the tensor where it is made. See [`set_label`](Self::set_label).
    #[must_use]
    pub fn with_label(self, label: &str) -> Self {
        self.set_label(label);
        self
    }

    pub(crate) fn id(&self) -> NodeId {
        self.id
    }
}

impl PartialEq for GraphTensor {
    /// Whether they are the same tensor of the same graph.
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id && self.graph.is(&other.graph)
    }
}

impl Eq for GraphTensor {}

impl std::hash::Hash for GraphTensor {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.id.index().hash(state);
    }
}

impl fmt::Debug for GraphTensor {
    /// `%3: f32[2, 3] "label"`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arena = self.graph.lock();
        let node = &arena.nodes[self.id];
        write!(f, "{}: {}", self.id, node.ty)?;
        if node.label.is_empty() { Ok(()) } else { write!(f, " {:?}", node.label) }
    }
}
