//! Operations that only move elements.

use super::super::build::{Built, Call};
use super::super::data_type::Scalar;
use super::super::dim::Dim;
use super::super::error::GraphProblem;
use super::super::ir::op::SliceRange;
use super::super::ir::{NodeId, Op};
use super::super::shape::Shape;
use super::{Parts, Rule};

/// The gradient of an operation's only operand.
pub(super) fn one(rule: &Rule<'_>, call: &mut Call<'_>) -> Built {
    let g = rule.gradient;
    let shape = call.shape(rule.operand(0));
    match &rule.node.op {
        Op::Reshape { .. } => call.reshape(g, &shape),
        Op::Permute { axes } => {
            let mut back = vec![0; axes.len()];
            for (place, &axis) in axes.iter().enumerate() {
                back[axis] = place;
            }
            call.permute(g, &back)
        }
        Op::Broadcast { .. } => sum_to(call, g, &shape),
        Op::Slice { ranges } => slice(call, g, &shape, ranges),
        Op::Pad { before, after, .. } => {
            let whole = call.shape(g);
            let range = |axis: usize| -> Result<SliceRange, GraphProblem> {
                let stop = whole[axis].checked_sub(&after[axis]).expect("padding is less than the whole");
                Ok(SliceRange { start: before[axis].clone(), stop, step: 1 })
            };
            let ranges = (0..shape.rank()).map(range).collect::<Result<_, _>>()?;
            call.add(Op::Slice { ranges }, &[g])
        }
        Op::Reverse { axes } => call.add(Op::Reverse { axes: axes.clone() }, &[g]),
        op => unreachable!("{} is no movement", op.name()),
    }
}

/// The sum over what a tensor of this shape was broadcast along.
pub(super) fn sum_to(call: &mut Call<'_>, g: NodeId, shape: &Shape) -> Built {
    let whole = call.shape(g);
    let new = whole.rank() - shape.rank();
    let axes: Vec<usize> =
        (0..whole.rank()).filter(|&axis| axis < new || shape[axis - new] != whole[axis]).collect();
    let sum = if axes.is_empty() { g } else { call.sum(g, &axes, false)? };
    call.reshape(sum, shape)
}

/// A slice's gradient in its place among zeros.
fn slice(call: &mut Call<'_>, g: NodeId, shape: &Shape, ranges: &[SliceRange]) -> Built {
    let mut g = g;
    let mut before = Vec::new();
    let mut after = Vec::new();
    for (axis, SliceRange { start, stop, step }) in ranges.iter().enumerate() {
        let mut end = stop.clone();
        if *step > 1 {
            g = spread_steps(call, g, axis, *step)?;
            // After the last element taken.
            let last = call.shape(g)[axis].clone();
            end = start.checked_add(&last).expect("at most the end of the range");
        }
        before.push(start.clone());
        after.push(shape[axis].checked_sub(&end).expect("ranges are within the shape"));
    }
    pad(call, g, before, after)
}

/// Zeros between elements along an axis, so that they are `step` apart.
fn spread_steps(call: &mut Call<'_>, g: NodeId, axis: usize, step: usize) -> Built {
    let shape = call.shape(g);
    let size = shape[axis].value().expect("only known sizes have steps");
    if size == 1 {
        return Ok(g);
    }
    // Each element with zeros after it along a new axis, which is then made one with the old.
    let mut outer: Shape = shape[..axis].into();
    let inner: Shape = shape[axis + 1..].into();
    let flatten = |dims: &[Dim]| super::super::shape::product(dims).expect("a part of a product that fits");
    let (front, back) = (flatten(&outer), flatten(&inner));
    let columns = [front.clone(), size.into(), 1.into(), back.clone()];
    let reshaped = call.reshape(g, &columns.into())?;
    let after = vec![Dim::known(0), Dim::known(0), Dim::known(step - 1), Dim::known(0)];
    let padded = pad(call, reshaped, vec![Dim::known(0); 4], after)?;
    let flat = call.reshape(padded, &[front, (size * step).into(), back].into())?;
    let length = (size - 1) * step + 1;
    let cut = call.slice_axis(flat, 1, 0.into(), length.into(), 1)?;
    outer.dims_mut().push(length.into());
    outer.dims_mut().extend(inner.iter().cloned());
    call.reshape(cut, &outer)
}

/// Zeros around a tensor.
fn pad(call: &mut Call<'_>, x: NodeId, before: Vec<Dim>, after: Vec<Dim>) -> Built {
    if before.iter().chain(&after).all(|dim| *dim == 0) {
        return Ok(x);
    }
    let value = Scalar::from_f64(call.data_type(x), 0.0);
    call.add(Op::Pad { before, after, value }, &[x])
}

pub(super) fn concat(rule: &Rule<'_>, call: &mut Call<'_>, axis: usize) -> Parts {
    let mut start = Dim::known(0);
    let mut parts = Vec::new();
    for (place, &operand) in rule.node.operands.iter().enumerate() {
        let size = call.shape(operand)[axis].clone();
        let stop = start.checked_add(&size).expect("part of a sum that exists");
        if rule.wanted[place] {
            parts.push((place, call.slice_axis(rule.gradient, axis, start, stop.clone(), 1)?));
        }
        start = stop;
    }
    Ok(parts)
}
