//! Reductions.

use super::super::TensorType;
use super::{ascending_axes, existing_axis, number};
use crate::graph::data_type::TensorDataType;
use crate::graph::error::GraphProblem;
use crate::graph::shape::Shape;

pub(super) fn reduce(axes: &[usize], x: &TensorType) -> Result<TensorType, GraphProblem> {
    number("tensor", x)?;
    ascending_axes("axes", axes, &x.shape)?;
    Ok(TensorType::new(x.data_type, without(&x.shape, axes)))
}

pub(super) fn arg_reduce(axis: usize, x: &TensorType) -> Result<TensorType, GraphProblem> {
    number("tensor", x)?;
    existing_axis("axis", axis, &x.shape)?;
    if i32::try_from(x.shape[axis].factor()).is_err() {
        return Err(GraphProblem::Shape {
            argument: "tensor",
            got: x.shape.clone(),
            expected: format!("at most {} elements along the axis, for positions are i32", i32::MAX),
        });
    }
    Ok(TensorType::new(TensorDataType::Int32, without(&x.shape, &[axis])))
}

fn without(shape: &Shape, axes: &[usize]) -> Shape {
    shape.iter().enumerate().filter(|(axis, _)| !axes.contains(axis)).map(|(_, dim)| dim.clone()).collect()
}
