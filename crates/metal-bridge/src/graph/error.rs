//! What can be wrong with a graph.

use std::fmt;
use std::panic::Location;

use super::data_type::TensorDataType;
use super::dim::Dim;
use super::shape::Shape;

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
pub struct GraphError {
    operation: &'static str,
    label: Option<String>,
    location: &'static Location<'static>,
    problem: GraphProblem,
}

impl GraphError {
    pub(crate) fn new(
        operation: &'static str,
        location: &'static Location<'static>,
        problem: GraphProblem,
    ) -> Self {
        Self { operation, label: None, location, problem }
    }

    /// With the label of the tensor that the operation makes.
    pub(crate) fn with_label(mut self, label: &str) -> Self {
        self.label = (!label.is_empty()).then(|| label.to_owned());
        self
    }

    /// The operation: the name of the method, or of the operator's.
    pub fn operation(&self) -> &'static str {
        self.operation
    }

    /// Where the program calls it.
    pub fn location(&self) -> &'static Location<'static> {
        self.location
    }

    /// What is wrong.
    pub fn problem(&self) -> &GraphProblem {
        &self.problem
    }
}

impl fmt::Display for GraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operation, label, location, problem } = self;
        write!(f, "{operation}")?;
        if let Some(label) = label {
            write!(f, " \"{label}\"")?;
        }
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
        "`{argument}` of shape {got} does not broadcast with `{other}` of shape {expected}: size {got_size} against {expected_size}; sizes, from the last one, must be equal or 1"
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
        /// The size of the dimension that does not fit.
        got_size: Dim,
        /// The size it must fit.
        expected_size: Dim,
    },
    /// A shape with another number of elements.
    #[error(
        "`{argument}` of shape {got} has {got_count} elements, but shape {expected} has {expected_count}"
    )]
    ElementCount {
        /// The argument.
        argument: &'static str,
        /// Its shape.
        got: Shape,
        /// Its number of elements.
        got_count: Dim,
        /// The shape asked for.
        expected: Shape,
        /// Its number of elements.
        expected_count: Dim,
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
}

fn axes(rank: usize) -> String {
    match rank {
        0 => "a scalar has no axes".to_owned(),
        _ => format!("the axes are -{rank} to {}", rank - 1),
    }
}
