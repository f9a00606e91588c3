//! Reductions.

use super::super::data_type::TensorDataType;
use super::super::ir::op::ReduceOp;
use super::elementwise::maximum;
use super::tensor::{Precision, Tensor, Values, offset, position, strides, wrap};

pub(super) fn reduce(
    op: ReduceOp,
    axes: &[usize],
    x: &Tensor,
    shape: &[usize],
    precision: Precision,
) -> Tensor {
    let data_type = x.data_type;
    let kept: Vec<usize> = (0..x.shape.len()).filter(|axis| !axes.contains(axis)).collect();
    let result_strides = strides(shape);
    let place = |i: usize| {
        let position = position(i, &x.shape);
        kept.iter().zip(&result_strides).map(|(&axis, stride)| position[axis] * stride).sum::<usize>()
    };
    let count = shape.iter().product();
    let values = match &x.values {
        Values::Floats(values) => {
            let mut results: Vec<Option<f64>> = vec![None; count];
            for (i, &value) in values.iter().enumerate() {
                let result = &mut results[place(i)];
                *result = Some(match (op, *result) {
                    (_, None) => value,
                    (ReduceOp::Sum, Some(so_far)) => so_far + value,
                    (ReduceOp::Product, Some(so_far)) => so_far * value,
                    (ReduceOp::Max, Some(so_far)) => maximum(so_far, value),
                    (ReduceOp::Min, Some(so_far)) => -maximum(-so_far, -value),
                });
            }
            let result = |result: Option<f64>| result.expect("no axis is empty");
            Values::Floats(results.into_iter().map(|r| precision.round(data_type, result(r))).collect())
        }
        Values::Integers(values) => {
            let mut results: Vec<Option<i64>> = vec![None; count];
            for (i, &value) in values.iter().enumerate() {
                let result = &mut results[place(i)];
                *result = Some(match (op, *result) {
                    (_, None) => value,
                    (ReduceOp::Sum, Some(so_far)) => so_far.wrapping_add(value),
                    (ReduceOp::Product, Some(so_far)) => so_far.wrapping_mul(value),
                    (ReduceOp::Max, Some(so_far)) => so_far.max(value),
                    (ReduceOp::Min, Some(so_far)) => so_far.min(value),
                });
            }
            let result = |result: Option<i64>| result.expect("no axis is empty");
            Values::Integers(results.into_iter().map(|r| wrap(data_type, result(r))).collect())
        }
    };
    Tensor { data_type, shape: shape.to_vec(), values }
}

pub(super) fn arg_reduce(greatest: bool, axis: usize, x: &Tensor, shape: &[usize]) -> Tensor {
    let source = strides(&x.shape);
    let positions = (0..shape.iter().product()).map(|i| {
        let mut first = position(i, shape);
        first.insert(axis, 0);
        let first = offset(&first, &source);
        let place = |j: usize| first + j * source[axis];
        let better = |j: usize, best: usize| match &x.values {
            Values::Floats(values) => {
                let (value, best) = (values[place(j)], values[place(best)]);
                let beyond = if greatest { value > best } else { value < best };
                !best.is_nan() && (value.is_nan() || beyond)
            }
            Values::Integers(values) => {
                let (value, best) = (values[place(j)], values[place(best)]);
                if greatest { value > best } else { value < best }
            }
        };
        (1..x.shape[axis]).fold(0, |best, j| if better(j, best) { j } else { best }) as i64
    });
    let values = Values::Integers(positions.collect());
    Tensor { data_type: TensorDataType::Int32, shape: shape.to_vec(), values }
}
