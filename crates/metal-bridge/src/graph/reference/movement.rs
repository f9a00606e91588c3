//! Operations that only move elements.

use super::super::data_type::Scalar;
use super::super::dim::Dim;
use super::super::ir::op::SliceRange;
use super::tensor::{Tensor, Values, offset, position, strides};

/// A tensor whose element at each position is one of `x`, at the place that `from` tells, or else `other`.
fn moved(
    x: &Tensor,
    shape: Vec<usize>,
    other: Scalar,
    from: impl Fn(&[usize]) -> Option<Vec<usize>>,
) -> Tensor {
    let source = strides(&x.shape);
    let places = (0..shape.iter().product())
        .map(|i| from(&position(i, &shape)).map(|position| offset(&position, &source)))
        .collect::<Vec<_>>();
    x.picked(shape, places.into_iter(), other)
}

fn zero(x: &Tensor) -> Scalar {
    Scalar::from_i64(x.data_type, 0)
}

fn known(dim: &Dim) -> usize {
    dim.value().expect("all sizes are known")
}

pub(super) fn permute(axes: &[usize], x: &Tensor, shape: Vec<usize>) -> Tensor {
    moved(x, shape, zero(x), |position| {
        let mut from = vec![0; axes.len()];
        for (&axis, &p) in axes.iter().zip(position) {
            from[axis] = p;
        }
        Some(from)
    })
}

pub(super) fn broadcast(x: &Tensor, shape: Vec<usize>) -> Tensor {
    let new = shape.len() - x.shape.len();
    moved(x, shape, zero(x), |position| {
        Some(x.shape.iter().zip(&position[new..]).map(|(&size, &p)| if size == 1 { 0 } else { p }).collect())
    })
}

pub(super) fn slice(ranges: &[SliceRange], x: &Tensor, shape: Vec<usize>) -> Tensor {
    moved(x, shape, zero(x), |position| {
        Some(position.iter().zip(ranges).map(|(p, range)| known(&range.start) + p * range.step).collect())
    })
}

pub(super) fn pad(before: &[Dim], value: Scalar, x: &Tensor, shape: Vec<usize>) -> Tensor {
    moved(x, shape, value, |position| {
        let axes = position.iter().zip(before).zip(&x.shape);
        axes.map(|((p, before), &size)| p.checked_sub(known(before)).filter(|&p| p < size)).collect()
    })
}

pub(super) fn reverse(axes: &[usize], x: &Tensor) -> Tensor {
    moved(x, x.shape.clone(), zero(x), |position| {
        let mut from = position.to_vec();
        for &axis in axes {
            from[axis] = x.shape[axis] - 1 - from[axis];
        }
        Some(from)
    })
}

pub(super) fn concat(axis: usize, operands: &[&Tensor], shape: Vec<usize>) -> Tensor {
    // Rows of everything along and after the axis, one operand's after the other's.
    let rows: usize = shape[..axis].iter().product();
    let pieces = (0..rows).flat_map(|row| {
        operands.iter().map(move |x| {
            let length = x.len() / rows;
            (*x, row * length..(row + 1) * length)
        })
    });
    let first = operands[0];
    let values = match first.values {
        Values::Floats(_) => {
            Values::Floats(pieces.flat_map(|(x, range)| x.floats()[range].to_vec()).collect())
        }
        Values::Integers(_) => {
            Values::Integers(pieces.flat_map(|(x, range)| range.map(|i| x.integer(i))).collect())
        }
    };
    Tensor { data_type: first.data_type, shape, values }
}
