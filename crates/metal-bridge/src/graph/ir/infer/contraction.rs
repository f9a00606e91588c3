//! Matrix products and convolutions.

use super::super::TensorType;
use super::super::op::Convolution;
use super::window::{check_window, output_size};
use super::{broadcast, check_shape, float, rank, same_types, shape_is};
use crate::graph::dim::Dim;
use crate::graph::error::GraphProblem;
use crate::graph::shape::Shape;

pub(super) fn matmul(a: &TensorType, b: &TensorType) -> Result<TensorType, GraphProblem> {
    float("a", a)?;
    same_types("b", b, "a", a.data_type)?;
    for (argument, operand) in [("a", a), ("b", b)] {
        if operand.shape.rank() < 2 {
            return Err(GraphProblem::Rank {
                argument,
                got: operand.shape.clone(),
                expected: "at least 2: rows and columns",
            });
        }
    }
    let (a_batch, [m, k]) = split(&a.shape);
    let (b_batch, [k2, n]) = split(&b.shape);
    if k != k2 {
        return Err(GraphProblem::Shape {
            argument: "b",
            got: b.shape.clone(),
            expected: format!("{k} rows, as many as `a` of shape {} has columns", a.shape),
        });
    }
    let mut shape = broadcast("a", &a_batch, "b", &b_batch)?;
    shape.dims_mut().extend([m, n]);
    Ok(TensorType::new(a.data_type, shape))
}

/// Leading sizes, and the sizes of the matrices.
fn split(shape: &Shape) -> (Shape, [Dim; 2]) {
    let (batch, matrix) = shape.split_at(shape.rank() - 2);
    (batch.into(), [matrix[0].clone(), matrix[1].clone()])
}

pub(super) fn conv2d(
    convolution: &Convolution,
    source: &TensorType,
    weights: &TensorType,
) -> Result<TensorType, GraphProblem> {
    float("source", source)?;
    same_types("weights", weights, "source", source.data_type)?;
    rank("source", source, 4, "4: batch, channels, height, width")?;
    let shape = output_shape(convolution, "source", &source.shape, "weights", &weights.shape)?;
    Ok(TensorType::new(source.data_type, shape))
}

pub(super) fn data_gradient(
    convolution: &Convolution,
    source_shape: &Shape,
    gradient: &TensorType,
    weights: &TensorType,
) -> Result<TensorType, GraphProblem> {
    float("incoming_gradient", gradient)?;
    same_types("weights", weights, "incoming_gradient", gradient.data_type)?;
    check_shape("source_shape", gradient.data_type, source_shape)?;
    let shape = output_shape(convolution, "source_shape", source_shape, "weights", &weights.shape)?;
    shape_is("incoming_gradient", gradient, &shape, "the shape of the convolution's result")?;
    Ok(TensorType::new(gradient.data_type, source_shape))
}

pub(super) fn weights_gradient(
    convolution: &Convolution,
    weights_shape: &Shape,
    gradient: &TensorType,
    source: &TensorType,
) -> Result<TensorType, GraphProblem> {
    float("incoming_gradient", gradient)?;
    same_types("source", source, "incoming_gradient", gradient.data_type)?;
    check_shape("weights_shape", gradient.data_type, weights_shape)?;
    let shape = output_shape(convolution, "source", &source.shape, "weights_shape", weights_shape)?;
    shape_is("incoming_gradient", gradient, &shape, "the shape of the convolution's result")?;
    Ok(TensorType::new(gradient.data_type, weights_shape))
}

/// The shape of a convolution's result.
fn output_shape(
    convolution: &Convolution,
    source_name: &'static str,
    source: &Shape,
    weights_name: &'static str,
    weights: &Shape,
) -> Result<Shape, GraphProblem> {
    check_window(&convolution.window)?;
    let [batch, channels, height, width] = source.dims() else {
        return Err(GraphProblem::Rank {
            argument: source_name,
            got: source.clone(),
            expected: "4: batch, channels, height, width",
        });
    };
    let [out_channels, group_channels, kernel @ ..] = weights.dims() else {
        return Err(wrong_weights(weights_name, weights));
    };
    let [kernel_height, kernel_width] = kernel else { return Err(wrong_weights(weights_name, weights)) };
    let [Some(outputs), Some(inputs), Some(kernel_height), Some(kernel_width)] =
        [out_channels, group_channels, kernel_height, kernel_width].map(Dim::value)
    else {
        return Err(GraphProblem::Open {
            argument: weights_name,
            shape: weights.clone(),
            why: "a convolution's weights need known sizes",
        });
    };
    let groups = convolution.groups;
    if groups == 0 || !outputs.is_multiple_of(groups) {
        return Err(GraphProblem::Parameter {
            parameter: "groups",
            got: groups.to_string(),
            expected: format!("a divisor of the number of output channels, {outputs}"),
        });
    }
    if inputs.checked_mul(groups).is_none_or(|inputs| *channels != inputs) {
        return Err(GraphProblem::Shape {
            argument: weights_name,
            got: weights.clone(),
            expected: format!(
                "[outputs, channels / groups, height, width] with {channels} channels, as `{source_name}` of shape {source} has, and {groups} groups"
            ),
        });
    }
    let window = &convolution.window;
    let size = |axis, size, kernel| output_size(window, axis, source_name, source, size, kernel);
    Ok([batch.clone(), out_channels.clone(), size(0, height, kernel_height)?, size(1, width, kernel_width)?]
        .into())
}

fn wrong_weights(argument: &'static str, weights: &Shape) -> GraphProblem {
    GraphProblem::Rank {
        argument,
        got: weights.clone(),
        expected: "4: output channels, channels of a group, height, width",
    }
}
