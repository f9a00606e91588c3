//! What operands each operation takes, and what tensor it makes.

mod contraction;
mod elementwise;
mod index;
mod movement;
mod reduce;
mod window;

pub(crate) use elementwise::broadcast;

use super::op::Op;
use super::table::{Table, VariableId};
use super::{MAX_RANK, TensorType, Variable};
use crate::graph::data_type::{Scalar, TensorDataType};
use crate::graph::error::GraphProblem;
use crate::graph::shape::Shape;

/// The type of the tensor that an operation makes of operands of these types, or what is wrong with them.
pub(crate) fn infer(
    op: &Op,
    operands: &[&TensorType],
    variables: &Table<VariableId, Variable>,
) -> Result<TensorType, GraphProblem> {
    let ty = match (op, operands) {
        (Op::Placeholder { data_type, shape }, []) => TensorType::new(*data_type, shape),
        (Op::Data(data), []) => TensorType::new(data.data_type(), data.shape()),
        (Op::Fill { value, shape }, []) => TensorType::new(value.data_type(), shape),
        (Op::Read(variable), []) => {
            let initial = &variables[*variable].initial;
            TensorType::new(initial.data_type(), initial.shape())
        }
        (Op::Assign(variable), [value]) => {
            let initial = &variables[*variable].initial;
            same_types("value", value, "variable", initial.data_type())?;
            if value.shape != Shape::from(initial.shape()) {
                return Err(GraphProblem::Shape {
                    argument: "value",
                    got: value.shape.clone(),
                    expected: format!("{:?}, the variable's", initial.shape()),
                });
            }
            (*value).clone()
        }
        (Op::Iota { data_type, shape, axis }, []) => {
            if *data_type == TensorDataType::Bool {
                return Err(GraphProblem::Parameter {
                    parameter: "data_type",
                    got: data_type.to_string(),
                    expected: "a type of numbers".into(),
                });
            }
            existing_axis("axis", *axis, shape)?;
            let last = i64::try_from(shape[*axis].factor().saturating_sub(1)).unwrap_or(i64::MAX);
            if data_type.is_integer() && Scalar::from_i64(*data_type, last).to_i64() != last {
                return Err(GraphProblem::Parameter {
                    parameter: "data_type",
                    got: data_type.to_string(),
                    expected: format!("a type that counts to {last}"),
                });
            }
            TensorType::new(*data_type, shape)
        }
        (Op::RandomBits { shape }, [seed, counter]) => {
            for (argument, operand) in [("seed", seed), ("counter", counter)] {
                type_among(argument, operand, "i64", |t| t == TensorDataType::Int64)?;
                if operand.shape.rank() != 0 {
                    return Err(GraphProblem::Rank {
                        argument,
                        got: operand.shape.clone(),
                        expected: "0: a scalar",
                    });
                }
            }
            TensorType::new(TensorDataType::Int32, shape)
        }
        (Op::Unary(op), [x]) => elementwise::unary(*op, x)?,
        (Op::Binary(op), [a, b]) => elementwise::binary(*op, a, b)?,
        (Op::Compare(op), [a, b]) => elementwise::compare(*op, a, b)?,
        (Op::Select, [condition, a, b]) => elementwise::select(condition, a, b)?,
        (Op::Cast(data_type), [x]) => TensorType::new(*data_type, &x.shape),
        (Op::Reduce { axes, .. }, [x]) => reduce::reduce(axes, x)?,
        (Op::ArgReduce { axis, .. }, [x]) => reduce::arg_reduce(*axis, x)?,
        (Op::Reshape { shape }, [x]) => movement::reshape(shape, x)?,
        (Op::Permute { axes }, [x]) => movement::permute(axes, x)?,
        (Op::Broadcast { shape }, [x]) => movement::broadcast_to(shape, x)?,
        (Op::Slice { ranges }, [x]) => movement::slice(ranges, x)?,
        (Op::Pad { before, after, value }, [x]) => movement::pad(before, after, *value, x)?,
        (Op::Concat { axis }, [first, rest @ ..]) => movement::concat(*axis, first, rest)?,
        (Op::Reverse { axes }, [x]) => movement::reverse(axes, x)?,
        (Op::Gather { axis, batch }, [x, indices]) => index::gather(*axis, *batch, x, indices)?,
        (Op::ScatterAdd { axis, batch }, [x, indices, updates]) => {
            index::scatter_add(*axis, *batch, x, indices, updates)?
        }
        (Op::MatMul, [a, b]) => contraction::matmul(a, b)?,
        (Op::Conv2d(convolution), [source, weights]) => contraction::conv2d(convolution, source, weights)?,
        (Op::Conv2dDataGradient { convolution, source_shape }, [gradient, weights]) => {
            contraction::data_gradient(convolution, source_shape, gradient, weights)?
        }
        (Op::Conv2dWeightsGradient { convolution, weights_shape }, [gradient, source]) => {
            contraction::weights_gradient(convolution, weights_shape, gradient, source)?
        }
        (Op::MaxPool2d(pooling), [source]) => window::max_pool(pooling, source)?,
        (Op::MaxPool2dSelect(pooling), [source, values]) => window::max_pool_select(pooling, source, values)?,
        (Op::MaxPool2dGradient(pooling), [gradient, source]) => {
            window::max_pool_gradient(pooling, gradient, source)?
        }
        (Op::AvgPool2d { pooling, .. }, [source]) => window::avg_pool(pooling, source)?,
        (Op::AvgPool2dGradient { pooling, source_shape, .. }, [gradient]) => {
            window::avg_pool_gradient(pooling, source_shape, gradient)?
        }
        _ => {
            return Err(GraphProblem::Parameter {
                parameter: "operands",
                got: format!("{} of {}", operands.len(), op.name()),
                expected: "as many as the operation takes".into(),
            });
        }
    };
    check_shape("result", ty.data_type, &ty.shape)?;
    Ok(ty)
}

/// Checks what holds for every tensor: its rank, that each size is at least 1 and each name well formed, and
/// that it could lie in memory.
pub(crate) fn check_shape(
    argument: &'static str,
    data_type: TensorDataType,
    shape: &Shape,
) -> Result<(), GraphProblem> {
    if shape.rank() > MAX_RANK {
        return Err(GraphProblem::Rank { argument, got: shape.clone(), expected: "at most 16" });
    }
    if shape.iter().any(|dim| dim.factor() == 0) {
        return Err(GraphProblem::Shape {
            argument,
            got: shape.clone(),
            expected: "sizes of at least 1".into(),
        });
    }
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    if let Some(symbol) = shape.iter().flat_map(|dim| dim.symbols()).find(|symbol| !is_name(symbol.name())) {
        return Err(GraphProblem::Parameter {
            parameter: "shape",
            got: format!("a dimension called {:?}", symbol.name()),
            expected: "a name of letters, digits and `_`, which does not begin with a digit".into(),
        });
    }
    let bytes = shape.element_count().and_then(|count| count.factor().checked_mul(data_type.size()));
    if bytes.is_none_or(|bytes| isize::try_from(bytes).is_err()) {
        return Err(GraphProblem::TooLarge { argument, shape: shape.clone(), data_type });
    }
    Ok(())
}

fn existing_axis(parameter: &'static str, axis: usize, shape: &Shape) -> Result<(), GraphProblem> {
    if axis < shape.rank() {
        return Ok(());
    }
    Err(GraphProblem::Axis { parameter, axis: axis.cast_signed(), rank: shape.rank() })
}

/// Checks that axes exist and ascend without repetition.
fn ascending_axes(parameter: &'static str, axes: &[usize], shape: &Shape) -> Result<(), GraphProblem> {
    for (i, &axis) in axes.iter().enumerate() {
        existing_axis(parameter, axis, shape)?;
        if i > 0 && axes[i - 1] >= axis {
            return Err(GraphProblem::RepeatedAxis { parameter, axis });
        }
    }
    Ok(())
}

fn type_among(
    argument: &'static str,
    operand: &TensorType,
    expected: &'static str,
    accepts: impl Fn(TensorDataType) -> bool,
) -> Result<(), GraphProblem> {
    if accepts(operand.data_type) {
        return Ok(());
    }
    Err(GraphProblem::DataType { argument, got: operand.data_type, expected })
}

fn float(argument: &'static str, operand: &TensorType) -> Result<(), GraphProblem> {
    type_among(argument, operand, "f32, f16 or bf16", TensorDataType::is_float)
}

fn number(argument: &'static str, operand: &TensorType) -> Result<(), GraphProblem> {
    type_among(argument, operand, "a type of numbers", |t| t != TensorDataType::Bool)
}

fn same_types(
    argument: &'static str,
    operand: &TensorType,
    other: &'static str,
    expected: TensorDataType,
) -> Result<(), GraphProblem> {
    if operand.data_type == expected {
        return Ok(());
    }
    Err(GraphProblem::DataTypes { argument, got: operand.data_type, other, expected })
}

fn rank(
    argument: &'static str,
    operand: &TensorType,
    rank: usize,
    expected: &'static str,
) -> Result<(), GraphProblem> {
    if operand.shape.rank() == rank {
        return Ok(());
    }
    Err(GraphProblem::Rank { argument, got: operand.shape.clone(), expected })
}

/// Checks that an operand has just this shape.
fn shape_is(
    argument: &'static str,
    operand: &TensorType,
    shape: &Shape,
    whose: &str,
) -> Result<(), GraphProblem> {
    if operand.shape == *shape {
        return Ok(());
    }
    Err(GraphProblem::Shape { argument, got: operand.shape.clone(), expected: format!("{shape}, {whose}") })
}
