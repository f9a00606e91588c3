//! The meaning of graphs, in plain code: what executables are tested against.
//!
//! Each operation is computed by itself, on one thread, in double precision, and rounded once to its type;
//! integers wrap around. Executables may round more often or in another order, so they agree within the
//! precision of their types. This is for tests, of this crate and of programs that use it, and far too slow for
//! anything else.
//!
//! ```
//! use metal_bridge::graph::{Graph, TensorData, TensorDataType, reference};
//!
//! let graph = Graph::new();
//! let x = graph.placeholder_tensor([2, 2], TensorDataType::Float32)?;
//! let y = graph.reduction_sum(&x, &[1], false)?;
//! let values = reference::evaluate(&[&y], &[(&x, TensorData::new([2, 2], &[1.0f32, 2.0, 3.0, 4.0])?)])?;
//! assert_eq!(values[0].to_vec::<f32>()?, [3.0, 7.0]);
//! # Ok::<(), metal_bridge::Error>(())
//! ```

mod contraction;
mod elementwise;
mod index;
mod movement;
mod philox;
mod reduction;
mod tensor;
mod window;

use std::panic::Location;

use super::data::TensorData;
use super::error::{GraphError, GraphProblem};
use super::handle::{Graph, GraphTensor};
use super::ir::op::ArgReduceOp;
use super::ir::specialise::{Specialised, bind, check_bound, specialise};
use super::ir::{Node, NodeId, Op, Table, TensorType, VariableId};
use super::shape::{Shape, product};
use crate::error::Result;
use tensor::{Precision, Tensor, Values};

/// The most elements that all tensors of an evaluation may have together: they are all kept.
const MAX_ELEMENTS: usize = 1 << 28;

/// The values of tensors of one graph, given the values of its placeholders. Variables have their first values,
/// and assignments go nowhere; [`Interpreter`] keeps them.
///
/// # Errors
///
/// A tensor is of another graph; an input is no placeholder, is given twice, or does not fit in type or shape;
/// a placeholder that a target needs has no input; an operation is not possible with the sizes that open
/// dimensions get; all tensors together have more than 2^28 elements.
#[track_caller]
pub fn evaluate(targets: &[&GraphTensor], inputs: &[(&GraphTensor, TensorData)]) -> Result<Vec<TensorData>> {
    match targets.first() {
        Some(target) => Interpreter::new(target.graph()).evaluate(targets, inputs),
        None => Ok(Vec::new()),
    }
}

/// [`evaluate`] without rounding: tensors of floats of any type are computed in double precision. Inputs are
/// given with their shapes; integers are rounded to whole numbers. For finite differences.
///
/// # Errors
///
/// As for [`evaluate`].
#[track_caller]
pub fn evaluate_f64(
    targets: &[&GraphTensor],
    inputs: &[(&GraphTensor, &[usize], &[f64])],
) -> Result<Vec<Vec<f64>>> {
    let Some(target) = targets.first() else { return Ok(Vec::new()) };
    let location = Location::caller();
    let mut given = Vec::new();
    for &(tensor, shape, values) in inputs {
        let data_type = tensor.data_type();
        if product(&Shape::from(shape)).is_none_or(|count| count != values.len()) {
            let problem = GraphProblem::Shape {
                argument: "inputs",
                got: shape.into(),
                expected: format!("as many elements as there are values, {}", values.len()),
            };
            return Err(GraphError::new("evaluate", location, problem).into());
        }
        given.push((tensor, Tensor::from_f64(data_type, shape.to_vec(), values, Precision::Double)));
    }
    let mut interpreter = Interpreter::new(target.graph());
    let tensors = interpreter.run(targets, given, Precision::Double, location)?;
    Ok(tensors.iter().map(|tensor| (0..tensor.len()).map(|i| tensor.number(i)).collect()).collect())
}

/// Evaluates one graph several times and keeps its variables between.
///
/// ```
/// use metal_bridge::graph::{Graph, Shape, TensorData, reference::Interpreter};
///
/// let graph = Graph::new();
/// let count = graph.variable(TensorData::new(Shape::scalar(), &[0i32])?, "count")?;
/// let next = graph.assign(&count, &(&count + 1)?)?;
/// let mut interpreter = Interpreter::new(&graph);
/// interpreter.evaluate(&[&next], &[])?;
/// interpreter.evaluate(&[&next], &[])?;
/// assert_eq!(interpreter.variable(&count)?.to_vec::<i32>()?, [2]);
/// # Ok::<(), metal_bridge::Error>(())
/// ```
#[derive(Debug)]
pub struct Interpreter {
    graph: Graph,
    /// The values of those variables that have been assigned.
    variables: Vec<(VariableId, TensorData)>,
}

impl Interpreter {
    /// An interpreter whose variables have their first values.
    pub fn new(graph: &Graph) -> Self {
        Self { graph: graph.clone(), variables: Vec::new() }
    }

    /// The values of tensors, given the values of placeholders. Assignments that the targets need change
    /// variables afterwards.
    ///
    /// # Errors
    ///
    /// As for [`evaluate`](evaluate()); and two assignments of one variable are needed. Variables stay as they
    /// were then.
    #[track_caller]
    pub fn evaluate(
        &mut self,
        targets: &[&GraphTensor],
        inputs: &[(&GraphTensor, TensorData)],
    ) -> Result<Vec<TensorData>> {
        let inputs = inputs.iter().map(|(tensor, data)| (*tensor, Tensor::from_data(data))).collect();
        let tensors = self.run(targets, inputs, Precision::Rounded, Location::caller())?;
        Ok(tensors.into_iter().map(Tensor::into_data).collect())
    }

    /// The value of a variable.
    ///
    /// # Errors
    ///
    /// The tensor was not made by [`Graph::variable`].
    #[track_caller]
    pub fn variable(&self, variable: &GraphTensor) -> Result<TensorData> {
        Ok(self.graph.call("variable", |call| {
            let node = call.tensor("variable", variable)?;
            let id = call.variable("variable", node)?;
            let assigned = self.variables.iter().find(|(variable, _)| *variable == id);
            Ok(assigned.map_or_else(|| call.arena.variables[id].initial.clone(), |(_, data)| data.clone()))
        })?)
    }

    /// Gives a variable a value.
    ///
    /// # Errors
    ///
    /// The tensor was not made by [`Graph::variable`], or the value is of another type or shape.
    #[track_caller]
    pub fn set_variable(&mut self, variable: &GraphTensor, value: TensorData) -> Result<()> {
        let id = self.graph.call("set_variable", |call| {
            let node = call.tensor("variable", variable)?;
            let id = call.variable("variable", node)?;
            let ty = call.ty(node);
            let got = TensorType::new(value.data_type(), value.shape());
            if got.data_type != ty.data_type {
                return Err(GraphProblem::DataTypes {
                    argument: "value",
                    got: got.data_type,
                    other: "variable",
                    expected: ty.data_type,
                });
            }
            if got.shape != ty.shape {
                let expected = format!("{}, the variable's", ty.shape);
                return Err(GraphProblem::Shape { argument: "value", got: got.shape, expected });
            }
            Ok(id)
        })?;
        self.keep(id, value);
        Ok(())
    }

    fn keep(&mut self, variable: VariableId, value: TensorData) {
        match self.variables.iter_mut().find(|(id, _)| *id == variable) {
            Some((_, old)) => *old = value,
            None => self.variables.push((variable, value)),
        }
    }

    fn run(
        &mut self,
        targets: &[&GraphTensor],
        inputs: Vec<(&GraphTensor, Tensor)>,
        precision: Precision,
        location: &'static Location<'static>,
    ) -> Result<Vec<Tensor>> {
        let error = |problem| GraphError::new("evaluate", location, problem);
        let Prepared { roots, inputs, specialised } = self.prepare(targets, inputs, location)?;
        let arena = &specialised.arena;
        let mut values = Table::<NodeId, Option<Tensor>>::filled(arena.nodes.len(), None);
        for (id, value) in inputs {
            if let Some(id) = specialised.node(id) {
                values[id] = Some(value);
            }
        }
        let all: Vec<NodeId> = arena.nodes.iter().map(|(id, _)| id).collect();
        let assignments = arena.assignments(&all).map_err(error)?;
        let mut total = 0usize;
        for &id in &all {
            if values[id].is_some() {
                continue;
            }
            let node = &arena.nodes[id];
            let count = node.ty.shape.element_count().and_then(|count| count.value()).unwrap_or(0);
            total = total.saturating_add(count);
            if total > MAX_ELEMENTS {
                let problem = GraphProblem::Shape {
                    argument: "targets",
                    got: node.ty.shape.clone(),
                    expected: format!("at most {MAX_ELEMENTS} elements in all tensors together"),
                };
                return Err(error(problem).into());
            }
            if node.ty.shape.is_open() || matches!(node.op, Op::Placeholder { .. }) {
                return Err(error(GraphProblem::MissingInput {
                    placeholder: missing(&specialised, &values),
                })
                .into());
            }
            let result = match node.op {
                Op::Read(variable) => {
                    let assigned = self.variables.iter().find(|(id, _)| *id == variable);
                    Tensor::from_data(assigned.map_or(&arena.variables[variable].initial, |(_, data)| data))
                }
                _ => compute(node, &values, precision),
            };
            values[id] = Some(result);
        }
        let value = |id: NodeId| values[id].clone().expect("every node has been computed");
        for (variable, id) in assignments {
            self.keep(variable, value(id).into_data());
        }
        Ok(roots.iter().map(|&root| value(specialised.node(root).expect("roots are needed"))).collect())
    }

    /// Checks targets and inputs, and gives open dimensions the inputs' sizes.
    fn prepare(
        &self,
        targets: &[&GraphTensor],
        inputs: Vec<(&GraphTensor, Tensor)>,
        location: &'static Location<'static>,
    ) -> Result<Prepared, GraphError> {
        let error = |problem| GraphError::new("evaluate", location, problem);
        for (argument, tensor) in targets
            .iter()
            .map(|target| ("targets", *target))
            .chain(inputs.iter().map(|(tensor, _)| ("inputs", *tensor)))
        {
            if !tensor.graph().is(&self.graph) {
                return Err(error(GraphProblem::ForeignTensor { argument }));
            }
        }
        let arena = self.graph.lock();
        let mut bindings = super::dim::Bindings::new();
        let mut given: Vec<(NodeId, Tensor)> = Vec::new();
        for (tensor, value) in inputs {
            let id = tensor.id();
            let node = &arena.nodes[id];
            let parameter = |got, expected: &str| {
                error(GraphProblem::Parameter { parameter: "inputs", got, expected: expected.into() })
            };
            if !matches!(node.op, Op::Placeholder { .. }) {
                return Err(parameter(arena.describe(id), "placeholders"));
            }
            if given.iter().any(|(other, _)| *other == id) {
                return Err(parameter(format!("{} twice", arena.describe(id)), "one value for each"));
            }
            if value.data_type != node.ty.data_type {
                return Err(error(GraphProblem::DataTypes {
                    argument: "inputs",
                    got: value.data_type,
                    other: "placeholder",
                    expected: node.ty.data_type,
                }));
            }
            bind(&node.ty.shape, &value.shape, &mut bindings)
                .map_err(|why| error(contradiction(&arena, id, &value.shape, why)))?;
            given.push((id, value));
        }
        for (id, value) in &given {
            check_bound(&arena.ty(*id).shape, &value.shape, &bindings)
                .map_err(|why| error(contradiction(&arena, *id, &value.shape, why)))?;
        }
        let roots: Vec<NodeId> = targets.iter().map(|target| target.id()).collect();
        let specialised = specialise(&arena, &roots, &bindings)?;
        Ok(Prepared { roots, inputs: given, specialised })
    }
}

/// What is computed: ids are those of the graph itself, not of the specialised one.
struct Prepared {
    roots: Vec<NodeId>,
    inputs: Vec<(NodeId, Tensor)>,
    specialised: Specialised,
}

fn contradiction(arena: &super::ir::Arena, id: NodeId, got: &[usize], why: String) -> GraphProblem {
    GraphProblem::Binding {
        placeholder: arena.describe(id),
        got: got.to_vec(),
        expected: arena.ty(id).shape.clone(),
        why,
    }
}

/// A placeholder without a value; or what is of unknown size without any.
fn missing(specialised: &Specialised, values: &Table<NodeId, Option<Tensor>>) -> String {
    let arena = &specialised.arena;
    let is_placeholder = |node: &Node| matches!(node.op, Op::Placeholder { .. });
    let placeholder = arena.nodes.iter().find(|(id, node)| is_placeholder(node) && values[*id].is_none());
    let found = placeholder.or_else(|| arena.nodes.iter().find(|(_, node)| node.ty.shape.is_open()));
    found.map_or_else(String::new, |(id, _)| arena.describe(id))
}

/// What an operation makes of values that are there.
fn compute(node: &Node, values: &Table<NodeId, Option<Tensor>>, precision: Precision) -> Tensor {
    let operand = |place: usize| {
        values[node.operands[place]].as_ref().unwrap_or_else(|| unreachable!("operand {place} comes first"))
    };
    let data_type = node.ty.data_type;
    let shape = node.ty.shape.known().expect("all sizes are known");
    let floats = |values| Tensor { data_type, shape: shape.clone(), values: Values::Floats(values) };
    let rounded =
        |values: Vec<f64>| floats(values.into_iter().map(|v| precision.round(data_type, v)).collect());
    match &node.op {
        Op::Placeholder { .. } | Op::Read(_) => unreachable!("{} has a value already", node.op.name()),
        Op::Data(data) => Tensor::from_data(data),
        Op::Fill { value, .. } => Tensor::fill(*value, shape),
        Op::Assign(_) => operand(0).clone(),
        Op::Iota { axis, .. } => {
            let inner: usize = shape[axis + 1..].iter().product();
            let count = shape.iter().product();
            let position = |i: usize| (i / inner % shape[*axis]) as f64;
            let positions: Vec<f64> = (0..count).map(position).collect();
            Tensor::from_f64(data_type, shape.clone(), &positions, precision)
        }
        Op::RandomBits { .. } => {
            let bits = philox::bits(operand(0).integer(0), operand(1).integer(0), shape.iter().product());
            Tensor { data_type, shape: shape.clone(), values: Values::Integers(bits) }
        }
        Op::Unary(op) => elementwise::unary(*op, operand(0), precision),
        Op::Binary(op) => elementwise::binary(*op, operand(0), operand(1), precision),
        Op::Compare(op) => elementwise::compare(*op, operand(0), operand(1)),
        Op::Select => elementwise::select(operand(0), operand(1), operand(2)),
        Op::Cast(to) => elementwise::cast(*to, operand(0), precision),
        Op::Reduce { op, axes } => reduction::reduce(*op, axes, operand(0), &shape, precision),
        Op::ArgReduce { op, axis } => {
            reduction::arg_reduce(matches!(op, ArgReduceOp::Max), *axis, operand(0), &shape)
        }
        Op::Reshape { .. } => Tensor { shape: shape.clone(), ..operand(0).clone() },
        Op::Permute { axes } => movement::permute(axes, operand(0), shape),
        Op::Broadcast { .. } => movement::broadcast(operand(0), shape),
        Op::Slice { ranges } => movement::slice(ranges, operand(0), shape),
        Op::Pad { before, value, .. } => movement::pad(before, *value, operand(0), shape),
        Op::Concat { axis } => {
            let operands: Vec<&Tensor> = (0..node.operands.len()).map(operand).collect();
            movement::concat(*axis, &operands, shape)
        }
        Op::Reverse { axes } => movement::reverse(axes, operand(0)),
        Op::Gather { axis, batch } => index::gather(*axis, *batch, operand(0), operand(1), shape),
        Op::ScatterAdd { axis, batch } => {
            index::scatter_add(*axis, *batch, [operand(0), operand(1), operand(2)], precision)
        }
        Op::MatMul => rounded(contraction::matmul(operand(0), operand(1), &shape)),
        Op::Conv2d(convolution) => rounded(contraction::conv2d(convolution, operand(0), operand(1), &shape)),
        Op::Conv2dDataGradient { convolution, .. } => {
            rounded(contraction::data_gradient(convolution, operand(0), operand(1), &shape))
        }
        Op::Conv2dWeightsGradient { convolution, .. } => {
            rounded(contraction::weights_gradient(convolution, operand(0), operand(1), &shape))
        }
        Op::MaxPool2d(pooling) => window::max_pool_select(pooling, operand(0), None, shape),
        Op::MaxPool2dSelect(pooling) => window::max_pool_select(pooling, operand(0), Some(operand(1)), shape),
        Op::MaxPool2dGradient(pooling) => {
            window::max_pool_gradient(pooling, operand(0), operand(1), precision)
        }
        Op::AvgPool2d { pooling, count_padding } => {
            rounded(window::avg_pool(pooling, *count_padding, operand(0), &shape))
        }
        Op::AvgPool2dGradient { pooling, count_padding, .. } => {
            rounded(window::avg_pool_gradient(pooling, *count_padding, operand(0), &shape))
        }
    }
}
