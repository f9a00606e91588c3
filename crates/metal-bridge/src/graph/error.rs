//! What can be wrong with a graph.

use std::fmt;
use std::panic::Location;

use super::data_type::TensorDataType;
use super::dim::Dim;
use super::shape::Shape;
use crate::error::named;

/// A call that would have made a wrong graph: which, where in the program, and what is wrong.
///
/// ```
/// use metal_bridge::{Error, graph::{Graph, GraphProblem, TensorDataType}};
///
/// let graph = Graph::new();
/// let a = graph.placeholder_tensor([2, 3], TensorDataType::Float32)?;
/// let b = graph.placeholder_tensor([4, 3], TensorDataType::Float32)?;
/// let Err(Error::Graph(error)) = graph.addition(&a, &b) else { panic!() };
/// assert_eq!(error.operation(), "addition");
/// assert!(matches!(error.problem(), GraphProblem::Broadcast { .. }));
/// assert!(error.location().file().ends_with(".rs"));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct GraphError(Box<Details>);

#[derive(Clone, PartialEq, Eq)]
struct Details {
    operation: &'static str,
    label: String,
    location: &'static Location<'static>,
    problem: GraphProblem,
}

impl GraphError {
    pub(crate) fn new(
        operation: &'static str,
        location: &'static Location<'static>,
        problem: GraphProblem,
    ) -> Self {
        Self(Box::new(Details { operation, label: String::new(), location, problem }))
    }

    /// With the label of the tensor that the operation makes.
    pub(crate) fn with_label(mut self, label: &str) -> Self {
        label.clone_into(&mut self.0.label);
        self
    }

    /// The operation: the name of the method, or of the operator's.
    pub fn operation(&self) -> &'static str {
        self.0.operation
    }

    /// Where the program calls it.
    pub fn location(&self) -> &'static Location<'static> {
        self.0.location
    }

    /// What is wrong.
    pub fn problem(&self) -> &GraphProblem {
        &self.0.problem
    }
}

impl fmt::Display for GraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Details { operation, label, location, problem } = &*self.0;
        f.write_str(&named(operation, label))?;
        write!(f, " at {}:{}:{}: {problem}", location.file(), location.line(), location.column())
    }
}

impl fmt::Debug for GraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for GraphError {}

/// What is wrong with an operation's arguments. `argument` is the name of the method's parameter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GraphProblem {
    /// A tensor of another graph.
    #[error("`{argument}` belongs to another graph")]
    ForeignTensor {
        /// The argument.
        argument: &'static str,
    },
    /// A type that the operation is not defined for.
    #[error("`{argument}` has data type {got}, expected {expected}; convert it with cast")]
    DataType {
        /// The argument.
        argument: &'static str,
        /// Its type.
        got: TensorDataType,
        /// What it may be.
        expected: &'static str,
    },
    /// Tensors of different types.
    #[error("`{argument}` has data type {got}, but `{other}` has {expected}; convert one with cast")]
    DataTypes {
        /// The argument.
        argument: &'static str,
        /// Its type.
        got: TensorDataType,
        /// The argument that it must agree with.
        other: &'static str,
        /// That one's type.
        expected: TensorDataType,
    },
    /// A number that the tensor's type cannot hold.
    #[error("`{argument}` is {value}, which {data_type} cannot hold; expected {expected}")]
    Scalar {
        /// The argument.
        argument: &'static str,
        /// The number.
        value: String,
        /// The type it is to have.
        data_type: TensorDataType,
        /// What it may be.
        expected: &'static str,
    },
    /// An operation on numbers only, which have no type or shape.
    #[error("`{argument}` is a number, but at least one operand must be a tensor; use constant_tensor")]
    NoTensor {
        /// The first argument.
        argument: &'static str,
    },
    /// Too few or too many dimensions.
    #[error("`{argument}` has shape {got} of rank {}, expected {expected}", got.rank())]
    Rank {
        /// The argument.
        argument: &'static str,
        /// Its shape.
        got: Shape,
        /// What ranks it may have.
        expected: &'static str,
    },
    /// A shape that does not fit the other arguments.
    #[error("`{argument}` has shape {got}, expected {expected}")]
    Shape {
        /// The argument.
        argument: &'static str,
        /// Its shape.
        got: Shape,
        /// What it must be.
        expected: String,
    },
    /// Shapes of which sizes differ where neither is 1.
    #[error(
        "`{argument}` of shape {got} does not broadcast with `{other}` of shape {expected}: size {} against {}; sizes, from the last one, must be equal or 1",
        size(got, *axis),
        size(expected, *axis)
    )]
    Broadcast {
        /// The argument.
        argument: &'static str,
        /// Its shape.
        got: Shape,
        /// The argument that it must fit.
        other: &'static str,
        /// That one's shape.
        expected: Shape,
        /// The axis along which they do not fit, counted from the last one, which is 0.
        axis: usize,
    },
    /// A shape with another number of elements.
    #[error(
        "`{argument}` of shape {got} has {} elements, but shape {expected} has {}",
        count(got),
        count(expected)
    )]
    ElementCount {
        /// The argument.
        argument: &'static str,
        /// Its shape.
        got: Shape,
        /// The shape asked for.
        expected: Shape,
    },
    /// An axis that the tensor does not have.
    #[error("`{parameter}`: there is no axis {axis}; {}", axes(*rank))]
    Axis {
        /// The parameter.
        parameter: &'static str,
        /// The axis given.
        axis: isize,
        /// The number of axes.
        rank: usize,
    },
    /// An axis given more than once.
    #[error("`{parameter}`: axis {axis} is given twice")]
    RepeatedAxis {
        /// The parameter.
        parameter: &'static str,
        /// The axis, counted from the first.
        axis: usize,
    },
    /// A parameter with a value that it cannot have.
    #[error("`{parameter}` is {got}, expected {expected}")]
    Parameter {
        /// The parameter.
        parameter: &'static str,
        /// Its value.
        got: String,
        /// What it may be.
        expected: String,
    },
    /// An open dimension where the operation needs to know the size.
    #[error("`{argument}` has the open shape {shape}: {why}")]
    Open {
        /// The argument.
        argument: &'static str,
        /// Its shape.
        shape: Shape,
        /// What needs a known size.
        why: &'static str,
    },
    /// More elements than memory could hold.
    #[error("`{argument}` of shape {shape} and type {data_type} would have more than {} bytes", isize::MAX)]
    TooLarge {
        /// The argument.
        argument: &'static str,
        /// Its shape.
        shape: Shape,
        /// Its type.
        data_type: TensorDataType,
    },
    /// Data of another length than the shape needs.
    #[error("{data_type}{shape} needs {expected} bytes, but the data has {got}")]
    DataLength {
        /// The elements' type.
        data_type: TensorDataType,
        /// The shape.
        shape: Shape,
        /// Bytes given.
        got: usize,
        /// Bytes needed.
        expected: usize,
    },
    /// No value was given for a placeholder that is needed.
    #[error("{placeholder} has no value, but a target needs it")]
    MissingInput {
        /// The placeholder.
        placeholder: String,
    },
    /// A buffer that is too short for a tensor.
    #[error("{tensor} of type {data_type}{shape} needs {expected} bytes, but {buffer} has {got}")]
    BufferLength {
        /// The tensor.
        tensor: String,
        /// Its type.
        data_type: TensorDataType,
        /// Its shape.
        shape: Shape,
        /// The buffer.
        buffer: String,
        /// Bytes that the buffer has.
        got: usize,
        /// Bytes that the tensor needs.
        expected: usize,
    },
    /// One buffer was given for two tensors of which one is written.
    #[error("{buffer} is given for {first} and for {second}, which is written; use different buffers")]
    SharedBuffer {
        /// The buffer.
        buffer: String,
        /// One tensor.
        first: String,
        /// The other one, a result.
        second: String,
    },
    /// The size of an open dimension is not known.
    #[error(
        "the size of open dimension `{name}` is not known: give it with `dimension`, or an input in whose shape it is the only open one"
    )]
    UnknownDimension {
        /// The dimension's name.
        name: String,
    },
    /// Sizes of open dimensions that contradict each other.
    #[error("{placeholder}: a value of shape {got:?} does not fit its shape {expected}: {why}")]
    Binding {
        /// The placeholder.
        placeholder: String,
        /// The value's shape.
        got: Vec<usize>,
        /// The placeholder's shape.
        expected: Shape,
        /// What contradicts.
        why: String,
    },
    /// Text that is no saved graph.
    #[error("the text is no saved graph: {message}")]
    NotSaved {
        /// What is wrong with it, and where.
        message: String,
    },
    /// An operation of a saved graph that no graph can have.
    #[error("operation {number}: {problem}")]
    SavedOperation {
        /// Its number, from 0 on.
        number: usize,
        /// What is wrong with it.
        problem: Box<GraphProblem>,
    },
}

/// A size, of an axis counted from the last one.
fn size(shape: &Shape, axis: usize) -> Dim {
    shape.iter().rev().nth(axis).cloned().unwrap_or(Dim::known(1))
}

/// The number of elements of a shape that has been accepted.
fn count(shape: &Shape) -> Dim {
    shape.element_count().unwrap_or(Dim::known(usize::MAX))
}

fn axes(rank: usize) -> String {
    match rank {
        0 => "a scalar has no axes".to_owned(),
        _ => format!("the axes are -{rank} to {}", rank - 1),
    }
}
