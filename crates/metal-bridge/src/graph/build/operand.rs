//! Operands that may be tensors or numbers.

use std::fmt;

use crate::graph::data_type::{Scalar, TensorDataType};
use crate::graph::error::GraphProblem;
use crate::graph::handle::GraphTensor;

/// An operand: a tensor, or a number that takes the type of the operation's tensor and is the same for all
/// elements. Numbers, booleans and references to tensors convert to it.
///
/// ```
/// use metal_bridge::{Graph, TensorDataType};
///
/// let graph = Graph::new();
/// let x = graph.placeholder_tensor([4], TensorDataType::Int32)?;
/// let y = graph.maximum(&x, 0)?;
/// assert_eq!(y.data_type(), TensorDataType::Int32);
/// let error = graph.maximum(&x, 0.5).unwrap_err();
/// assert!(error.to_string().ends_with("`b` is 0.5, which i32 cannot hold; expected a whole number in its range"));
/// # Ok::<(), metal_bridge::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Operand<'a> {
    /// A tensor.
    Tensor(&'a GraphTensor),
    /// A floating-point number, for tensors of any type of numbers that can hold it.
    Float(f64),
    /// An integer, for tensors of any type of numbers that can hold it; floats may round it.
    Integer(i64),
    /// A truth value, for tensors of booleans.
    Bool(bool),
}

impl Operand<'_> {
    /// The number as one value of a type; `None` for a tensor.
    pub(crate) fn scalar(
        self,
        argument: &'static str,
        data_type: TensorDataType,
    ) -> Option<Result<Scalar, GraphProblem>> {
        let scalar = match self {
            Self::Tensor(_) => return None,
            Self::Float(value) => Scalar::from_f64(data_type, value),
            Self::Integer(value) => Scalar::from_i64(data_type, value),
            Self::Bool(value) => Scalar::from_i64(data_type, value.into()),
        };
        let fits = match self {
            _ if (data_type == TensorDataType::Bool) != matches!(self, Self::Bool(_)) => false,
            Self::Float(value) if data_type.is_float() => scalar.to_f64().is_finite() || !value.is_finite(),
            Self::Float(value) => scalar.to_f64() == value,
            Self::Integer(_) if data_type.is_float() => scalar.to_f64().is_finite(),
            Self::Integer(value) => scalar.to_i64() == value,
            _ => true,
        };
        Some(if fits {
            Ok(scalar)
        } else {
            Err(GraphProblem::Scalar {
                argument,
                value: self.to_string(),
                data_type,
                expected: match data_type {
                    TensorDataType::Bool => "true or false",
                    _ if data_type.is_float() => "a number in its range",
                    _ => "a whole number in its range",
                },
            })
        })
    }
}

impl fmt::Display for Operand<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tensor(tensor) => write!(f, "{tensor:?}"),
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Bool(value) => write!(f, "{value}"),
        }
    }
}

impl<'a> From<&'a GraphTensor> for Operand<'a> {
    fn from(tensor: &'a GraphTensor) -> Self {
        Self::Tensor(tensor)
    }
}

macro_rules! from_numbers {
    ($($number:ty => $variant:ident),* $(,)?) => {
        $(
            impl From<$number> for Operand<'_> {
                fn from(value: $number) -> Self {
                    Self::$variant(value.into())
                }
            }
        )*
    };
}

from_numbers!(f64 => Float, f32 => Float, i64 => Integer, i32 => Integer, u8 => Integer, bool => Bool);
