//! Element-wise operations.

use super::super::TensorType;
use super::super::op::{BinaryOp, CompareOp, UnaryOp};
use super::{float, number, same_types, shape_is, type_among};
use crate::graph::data_type::TensorDataType;
use crate::graph::dim::Dim;
use crate::graph::error::GraphProblem;
use crate::graph::shape::Shape;

const BITS: &str = "bool or an integer type";

fn has_bits(data_type: TensorDataType) -> bool {
    data_type == TensorDataType::Bool || data_type.is_integer()
}

pub(super) fn unary(op: UnaryOp, x: &TensorType) -> Result<TensorType, GraphProblem> {
    match op {
        UnaryOp::StopGradient => {}
        UnaryOp::Neg | UnaryOp::Abs | UnaryOp::Sign | UnaryOp::Relu => number("tensor", x)?,
        UnaryOp::Not => type_among("tensor", x, BITS, has_bits)?,
        _ => float("tensor", x)?,
    }
    Ok(match op {
        UnaryOp::IsNan | UnaryOp::IsFinite => TensorType::new(TensorDataType::Bool, &x.shape),
        _ => x.clone(),
    })
}

pub(super) fn binary(op: BinaryOp, a: &TensorType, b: &TensorType) -> Result<TensorType, GraphProblem> {
    match op {
        BinaryOp::And | BinaryOp::Or | BinaryOp::Xor => type_among("a", a, BITS, has_bits)?,
        BinaryOp::Pow => float("a", a)?,
        _ => number("a", a)?,
    }
    alike("a", a, "b", b)?;
    Ok(a.clone())
}

pub(super) fn compare(op: CompareOp, a: &TensorType, b: &TensorType) -> Result<TensorType, GraphProblem> {
    if !matches!(op, CompareOp::Equal | CompareOp::NotEqual) {
        number("a", a)?;
    }
    alike("a", a, "b", b)?;
    Ok(TensorType::new(TensorDataType::Bool, &a.shape))
}

pub(super) fn select(
    condition: &TensorType,
    a: &TensorType,
    b: &TensorType,
) -> Result<TensorType, GraphProblem> {
    type_among("condition", condition, "bool", |t| t == TensorDataType::Bool)?;
    alike("a", a, "b", b)?;
    shape_is("condition", condition, &a.shape, "the shape of `a`")?;
    Ok(a.clone())
}

/// Checks that operands have one type and shape.
fn alike(
    first: &'static str,
    a: &TensorType,
    second: &'static str,
    b: &TensorType,
) -> Result<(), GraphProblem> {
    same_types(second, b, first, a.data_type)?;
    shape_is(second, b, &a.shape, "the shape of `a`")
}

/// The shape that both shapes broadcast to, as in NumPy: sizes, counted from the last, must be equal or 1. An
/// open size fits 1 and itself.
pub(crate) fn broadcast(
    argument: &'static str,
    got: &Shape,
    other: &'static str,
    expected: &Shape,
) -> Result<Shape, GraphProblem> {
    let rank = got.rank().max(expected.rank());
    let one = Dim::known(1);
    let size = |shape: &Shape, axis: usize| {
        // Missing leading axes are as if of size 1.
        (axis + shape.rank()).checked_sub(rank).map_or_else(|| one.clone(), |axis| shape[axis].clone())
    };
    (0..rank)
        .map(|axis| match (size(got, axis), size(expected, axis)) {
            (a, b) if a == b || b == 1 => Ok(a),
            (a, b) if a == 1 => Ok(b),
            _ => Err(GraphProblem::Broadcast {
                argument,
                got: got.clone(),
                other,
                expected: expected.clone(),
                axis: rank - 1 - axis,
            }),
        })
        .collect()
}
