//! Operations that only move elements.

use super::super::TensorType;
use super::super::op::SliceRange;
use super::{ascending_axes, broadcast, check_shape, existing_axis, same_types};
use crate::graph::data_type::Scalar;
use crate::graph::dim::Dim;
use crate::graph::error::GraphProblem;
use crate::graph::shape::Shape;

pub(super) fn reshape(shape: &Shape, x: &TensorType) -> Result<TensorType, GraphProblem> {
    check_shape("shape", x.data_type, shape)?;
    if x.shape.element_count() != shape.element_count() {
        return Err(GraphProblem::ElementCount {
            argument: "tensor",
            got: x.shape.clone(),
            expected: shape.clone(),
        });
    }
    Ok(TensorType::new(x.data_type, shape))
}

pub(super) fn permute(axes: &[usize], x: &TensorType) -> Result<TensorType, GraphProblem> {
    if axes.len() != x.shape.rank() {
        return Err(GraphProblem::Parameter {
            parameter: "axes",
            got: format!("{axes:?}"),
            expected: format!("each of the {} axes of the tensor once", x.shape.rank()),
        });
    }
    for (i, &axis) in axes.iter().enumerate() {
        existing_axis("axes", axis, &x.shape)?;
        if axes[..i].contains(&axis) {
            return Err(GraphProblem::RepeatedAxis { parameter: "axes", axis });
        }
    }
    Ok(TensorType::new(x.data_type, axes.iter().map(|&axis| x.shape[axis].clone()).collect::<Shape>()))
}

pub(super) fn broadcast_to(shape: &Shape, x: &TensorType) -> Result<TensorType, GraphProblem> {
    check_shape("shape", x.data_type, shape)?;
    let result = broadcast("tensor", &x.shape, "shape", shape)?;
    if result != *shape {
        // Some size of the tensor is not 1 where the wanted one is, or it has more axes.
        return Err(GraphProblem::Shape {
            argument: "tensor",
            got: x.shape.clone(),
            expected: format!("a shape that broadcasts to {shape}: sizes, from the last one, equal or 1"),
        });
    }
    Ok(TensorType::new(x.data_type, result))
}

pub(super) fn slice(ranges: &[SliceRange], x: &TensorType) -> Result<TensorType, GraphProblem> {
    one_for_each_axis("ranges", ranges.len(), &x.shape)?;
    let shape = ranges.iter().zip(x.shape.iter()).enumerate().map(|(axis, (range, size))| {
        slice_length(range, size).ok_or_else(|| {
            let SliceRange { start, stop, step } = range;
            if size.is_open() && *step > 0 {
                return GraphProblem::Open {
                    argument: "tensor",
                    shape: x.shape.clone(),
                    why: "of an open dimension only the whole can be taken, or parts between multiples of it",
                };
            }
            GraphProblem::Parameter {
                parameter: "range",
                got: format!("{start}..{stop} in steps of {step} along axis {axis}"),
                expected: format!("0 ≤ start < stop ≤ {size}, and a step of at least 1"),
            }
        })
    });
    Ok(TensorType::new(x.data_type, shape.collect::<Result<Shape, _>>()?))
}

/// The number of elements in a range; `None` if it is empty, not within the size, or unknown.
fn slice_length(range: &SliceRange, size: &Dim) -> Option<Dim> {
    size.checked_sub(&range.stop)?;
    let length = range.stop.checked_sub(&range.start)?;
    if length == 0 || range.step == 0 {
        return None;
    }
    match length.value() {
        Some(length) => Some(Dim::known(length.div_ceil(range.step))),
        None => (range.step == 1).then_some(length),
    }
}

pub(super) fn pad(
    before: &[Dim],
    after: &[Dim],
    value: Scalar,
    x: &TensorType,
) -> Result<TensorType, GraphProblem> {
    one_for_each_axis("before", before.len(), &x.shape)?;
    one_for_each_axis("after", after.len(), &x.shape)?;
    if value.data_type() != x.data_type {
        return Err(GraphProblem::DataTypes {
            argument: "value",
            got: value.data_type(),
            other: "tensor",
            expected: x.data_type,
        });
    }
    let sum = |axis: usize| {
        let size = &x.shape[axis];
        before[axis].checked_add(size)?.checked_add(&after[axis])
    };
    let shape = (0..x.shape.rank()).map(|axis| {
        sum(axis).ok_or_else(|| match x.shape[axis].value() {
            Some(size) => GraphProblem::Parameter {
                parameter: "padding",
                got: format!("{} before and {} after {size} elements", before[axis], after[axis]),
                expected: "a sum that fits usize".into(),
            },
            None => GraphProblem::Open {
                argument: "tensor",
                shape: x.shape.clone(),
                why: "an open dimension cannot be padded by a number of elements",
            },
        })
    });
    Ok(TensorType::new(x.data_type, shape.collect::<Result<Shape, _>>()?))
}

pub(super) fn concat(
    axis: usize,
    first: &TensorType,
    rest: &[&TensorType],
) -> Result<TensorType, GraphProblem> {
    existing_axis("axis", axis, &first.shape)?;
    let mut shape = first.shape.clone();
    for x in rest {
        same_types("tensors", x, "the first of them", first.data_type)?;
        let mut expected = first.shape.clone();
        if let Some(size) = x.shape.get(axis) {
            expected.dims_mut()[axis] = size.clone();
        }
        if x.shape != expected {
            return Err(GraphProblem::Shape {
                argument: "tensors",
                got: x.shape.clone(),
                expected: format!("{} as the first of them has, but for axis {axis}", first.shape),
            });
        }
        shape.dims_mut()[axis] = shape[axis].checked_add(&x.shape[axis]).ok_or_else(|| GraphProblem::Open {
            argument: "tensors",
            shape: x.shape.clone(),
            why: "its size along the axis cannot be added to the others': only sizes of the same name can",
        })?;
    }
    Ok(TensorType::new(first.data_type, shape))
}

pub(super) fn reverse(axes: &[usize], x: &TensorType) -> Result<TensorType, GraphProblem> {
    ascending_axes("axes", axes, &x.shape)?;
    Ok(x.clone())
}

fn one_for_each_axis(parameter: &'static str, got: usize, shape: &Shape) -> Result<(), GraphProblem> {
    if got == shape.rank() {
        return Ok(());
    }
    Err(GraphProblem::Parameter {
        parameter,
        got: format!("of length {got}"),
        expected: format!("one for each of the {} axes", shape.rank()),
    })
}
