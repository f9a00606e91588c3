//! Operations with indices in tensors.

use super::super::TensorType;
use super::{existing_axis, number, same_types, shape_is, type_among};
use crate::graph::data_type::TensorDataType;
use crate::graph::error::GraphProblem;
use crate::graph::shape::Shape;

pub(super) fn gather(
    axis: usize,
    batch: usize,
    x: &TensorType,
    indices: &TensorType,
) -> Result<TensorType, GraphProblem> {
    existing_axis("axis", axis, &x.shape)?;
    type_among("indices", indices, "i32 or i64", |t| {
        matches!(t, TensorDataType::Int32 | TensorDataType::Int64)
    })?;
    if batch > axis || batch > indices.shape.rank() {
        return Err(GraphProblem::Parameter {
            parameter: "batch_dims",
            got: batch.to_string(),
            expected: format!(
                "at most the axis, {axis}, and the rank of `indices`, {}",
                indices.shape.rank()
            ),
        });
    }
    if indices.shape[..batch] != x.shape[..batch] {
        return Err(GraphProblem::Shape {
            argument: "indices",
            got: indices.shape.clone(),
            expected: format!("the first sizes to be {}, as the tensor's", Shape::from(&x.shape[..batch])),
        });
    }
    let parts = [&x.shape[..axis], &indices.shape[batch..], &x.shape[axis + 1..]];
    Ok(TensorType::new(x.data_type, parts.concat()))
}

pub(super) fn scatter_add(
    axis: usize,
    batch: usize,
    x: &TensorType,
    indices: &TensorType,
    updates: &TensorType,
) -> Result<TensorType, GraphProblem> {
    number("tensor", x)?;
    same_types("updates", updates, "tensor", x.data_type)?;
    let expected = gather(axis, batch, x, indices)?;
    shape_is("updates", updates, &expected.shape, "the shape of what the indices select")?;
    Ok(x.clone())
}
