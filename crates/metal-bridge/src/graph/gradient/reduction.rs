//! Reductions.

use super::super::build::{Built, Call, kept};
use super::super::error::GraphProblem;
use super::super::ir::op::{BinaryOp, CompareOp, ReduceOp};
use super::super::ir::{NodeId, Op};
use super::super::shape::Shape;
use super::Rule;
use crate::graph::data_type::Scalar;
use crate::graph::dim::Dim;

pub(super) fn reduce(rule: &Rule<'_>, call: &mut Call<'_>, op: ReduceOp, axes: &[usize]) -> Built {
    let x = rule.operand(0);
    let shape = call.shape(x);
    let g = spread(call, rule.gradient, &shape, axes)?;
    match op {
        ReduceOp::Sum => Ok(g),
        ReduceOp::Max | ReduceOp::Min => {
            // Equal ones share the gradient.
            let y = spread(call, rule.id, &shape, axes)?;
            let chosen = call.compare(CompareOp::Equal, x, y)?;
            let data_type = call.data_type(x);
            let ones = call.cast(chosen, data_type)?;
            let count = call.sum(ones, axes, true)?;
            let count = call.broadcast(count, &shape)?;
            let part = call.over(g, count)?;
            let zero = call.fill_like(g, 0.0)?;
            call.select(chosen, part, zero)
        }
        ReduceOp::Product => {
            let others = product_of_others(call, x, axes)?;
            call.times(g, others)
        }
    }
}

/// A reduced tensor, repeated along the axes that it was reduced along.
fn spread(call: &mut Call<'_>, x: NodeId, shape: &Shape, axes: &[usize]) -> Built {
    let x = call.reshape(x, &kept(shape, axes))?;
    call.broadcast(x, shape)
}

/// For each element the product of all others along the axes. Dividing the whole product would fail where it
/// is 0, so it is made of the products of all before and of all after, in log₂ steps each.
fn product_of_others(call: &mut Call<'_>, x: NodeId, axes: &[usize]) -> Built {
    let shape = call.shape(x);
    let flat = call.axes_last(x, axes)?;
    let axis = call.rank(flat) - 1;
    let Some(size) = call.shape(flat)[axis].value() else {
        return Err(GraphProblem::Open {
            argument: "of",
            shape,
            why: "the derivative of a product along an open dimension needs its size",
        });
    };
    let before = product_of_earlier(call, flat, axis, size)?;
    let reversed = call.add(Op::Reverse { axes: vec![axis] }, &[flat])?;
    let after = product_of_earlier(call, reversed, axis, size)?;
    let after = call.add(Op::Reverse { axes: vec![axis] }, &[after])?;
    let others = call.times(before, after)?;

    // Back to the axes' own places.
    let order: Vec<usize> =
        (0..shape.rank()).filter(|axis| !axes.contains(axis)).chain(axes.iter().copied()).collect();
    let permuted: Shape = order.iter().map(|&axis| shape[axis].clone()).collect();
    let mut back = vec![0; order.len()];
    for (place, &axis) in order.iter().enumerate() {
        back[axis] = place;
    }
    let others = call.reshape(others, &permuted)?;
    call.permute(others, &back)
}

/// For each element the product of all before it along an axis.
fn product_of_earlier(call: &mut Call<'_>, x: NodeId, axis: usize, size: usize) -> Built {
    let mut product = moved_on(call, x, axis, 1)?;
    let mut step = 1;
    while step < size {
        let earlier = moved_on(call, product, axis, step)?;
        product = call.binary(BinaryOp::Mul, product, earlier)?;
        step *= 2;
    }
    Ok(product)
}

/// The elements moved along an axis, after ones. Moves by the size at most.
fn moved_on(call: &mut Call<'_>, x: NodeId, axis: usize, by: usize) -> Built {
    let shape = call.shape(x);
    let size = shape[axis].value().expect("a known size");
    if by >= size {
        return call.fill_like(x, 1.0);
    }
    let part = call.slice_axis(x, axis, 0.into(), (size - by).into(), 1)?;
    let none = vec![Dim::known(0); shape.rank()];
    let mut before = none.clone();
    before[axis] = by.into();
    let value = Scalar::from_f64(call.data_type(x), 1.0);
    call.add(Op::Pad { before, after: none, value }, &[part])
}
