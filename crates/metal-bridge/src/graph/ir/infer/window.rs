//! Windows that move over height and width, and pooling.

use super::super::TensorType;
use super::super::op::{Pooling, Window};
use super::{check_shape, float, number, rank, same_types, shape_is};
use crate::graph::dim::Dim;
use crate::graph::error::GraphProblem;
use crate::graph::shape::Shape;

const IMAGES: &str = "4: batch, channels, height, width";

pub(super) fn check_window(window: &Window) -> Result<(), GraphProblem> {
    for (parameter, values) in [("strides", window.strides), ("dilations", window.dilations)] {
        if values.contains(&0) {
            return Err(GraphProblem::Parameter {
                parameter,
                got: format!("{values:?}"),
                expected: "at least 1 along height and width".into(),
            });
        }
    }
    Ok(())
}

/// How many positions a window has along height (`axis` 0) or width (1).
pub(super) fn output_size(
    window: &Window,
    axis: usize,
    argument: &'static str,
    shape: &Shape,
    size: &Dim,
    kernel: usize,
) -> Result<Dim, GraphProblem> {
    let name = ["height", "width"][axis];
    let [before, after] = window.padding[axis];
    let too_large = || GraphProblem::Parameter {
        parameter: "padding",
        got: format!("{before} and {after} along the {name}, with a dilation of {}", window.dilations[axis]),
        expected: "numbers whose sum with the other sizes fits isize".into(),
    };
    let sum = |a: usize, b: usize| a.checked_add(b).filter(|&sum| isize::try_from(sum).is_ok());
    let extent = (kernel - 1)
        .checked_mul(window.dilations[axis])
        .and_then(|extent| sum(extent, 1))
        .ok_or_else(too_large)?;
    let padding = sum(before, after).ok_or_else(too_large)?;
    let Some(size) = size.value() else {
        if window.strides[axis] == 1 && padding == extent - 1 {
            return Ok(size.clone());
        }
        return Err(GraphProblem::Open {
            argument,
            shape: shape.clone(),
            why: "height and width can be open only where the result has the same: a stride of 1, and as much padding as the window takes away",
        });
    };
    let padded = sum(size, padding).ok_or_else(too_large)?;
    let Some(room) = padded.checked_sub(extent) else {
        return Err(GraphProblem::Shape {
            argument,
            got: shape.clone(),
            expected: format!(
                "a {name} that with its padding of {before} and {after} has at least the {extent} elements of the window"
            ),
        });
    };
    Ok(Dim::known(room / window.strides[axis] + 1))
}

/// The shape of a pooling's result.
fn pooled(pooling: &Pooling, argument: &'static str, source: &Shape) -> Result<Shape, GraphProblem> {
    check_window(&pooling.window)?;
    let [batch, channels, height, width] = source.dims() else {
        return Err(GraphProblem::Rank { argument, got: source.clone(), expected: IMAGES });
    };
    if pooling.kernel.contains(&0) {
        return Err(GraphProblem::Parameter {
            parameter: "kernel",
            got: format!("{:?}", pooling.kernel),
            expected: "at least 1 along height and width".into(),
        });
    }
    for axis in 0..2 {
        // More padding would make windows of nothing else.
        let most = (pooling.kernel[axis] - 1).saturating_mul(pooling.window.dilations[axis]);
        if pooling.window.padding[axis].iter().any(|&padding| padding > most) {
            return Err(GraphProblem::Parameter {
                parameter: "padding",
                got: format!("{:?} along the {}", pooling.window.padding[axis], ["height", "width"][axis]),
                expected: format!("at most {most}, so that no window has nothing but padding"),
            });
        }
    }
    let size = |axis, size| output_size(&pooling.window, axis, argument, source, size, pooling.kernel[axis]);
    Ok([batch.clone(), channels.clone(), size(0, height)?, size(1, width)?].into())
}

pub(super) fn max_pool(pooling: &Pooling, source: &TensorType) -> Result<TensorType, GraphProblem> {
    number("source", source)?;
    Ok(TensorType::new(source.data_type, pooled(pooling, "source", &source.shape)?))
}

pub(super) fn max_pool_select(
    pooling: &Pooling,
    source: &TensorType,
    values: &TensorType,
) -> Result<TensorType, GraphProblem> {
    let shape = max_pool(pooling, source)?.shape;
    same_types("values", values, "source", source.data_type)?;
    shape_is("values", values, &source.shape, "the shape of `source`")?;
    Ok(TensorType::new(source.data_type, shape))
}

pub(super) fn max_pool_gradient(
    pooling: &Pooling,
    gradient: &TensorType,
    source: &TensorType,
) -> Result<TensorType, GraphProblem> {
    let result = max_pool(pooling, source)?;
    same_types("gradient", gradient, "source", source.data_type)?;
    shape_is("gradient", gradient, &result.shape, "the shape of the pooling's result")?;
    Ok(source.clone())
}

pub(super) fn avg_pool(pooling: &Pooling, source: &TensorType) -> Result<TensorType, GraphProblem> {
    float("source", source)?;
    Ok(TensorType::new(source.data_type, pooled(pooling, "source", &source.shape)?))
}

pub(super) fn avg_pool_gradient(
    pooling: &Pooling,
    source_shape: &Shape,
    gradient: &TensorType,
) -> Result<TensorType, GraphProblem> {
    float("gradient", gradient)?;
    rank("gradient", gradient, 4, IMAGES)?;
    check_shape("source_shape", gradient.data_type, source_shape)?;
    let shape = pooled(pooling, "source_shape", source_shape)?;
    shape_is("gradient", gradient, &shape, "the shape of the pooling's result")?;
    Ok(TensorType::new(gradient.data_type, source_shape))
}
