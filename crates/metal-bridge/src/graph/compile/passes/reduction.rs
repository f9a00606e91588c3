//! Reductions of many elements become two: along rows first, and in parts that many threads can make.
//!
//! How they are cut depends on shapes alone, so results do not depend on the number of threads.

use crate::graph::compile::patch::Patch;
use crate::graph::data_type::TensorDataType;
use crate::graph::ir::{Node, NodeId, Op};
use crate::graph::shape::Shape;

/// Reductions with fewer results than this, each of at least so many elements, are cut.
const FEW_RESULTS: usize = 256;
const MANY_ELEMENTS: usize = 1 << 14;
/// The most parts.
const PARTS: usize = 256;

pub(super) fn rule(patch: &mut Patch<'_>, node: &Node) -> Option<NodeId> {
    let Op::Reduce { op, axes } = &node.op else { return None };
    let x = node.operands[0];
    let sizes = patch.sizes(x);
    let results: usize = node.ty.shape.known()?.iter().product();
    let elements = sizes.iter().product::<usize>() / results;

    // Axes that are last, and others before one that is kept: rows first.
    let last_kept = (0..sizes.len()).rev().find(|axis| !axes.contains(axis) && sizes[*axis] > 1);
    let (outer, inner): (Vec<usize>, Vec<usize>) =
        axes.iter().partition(|&&axis| last_kept.is_some_and(|k| axis < k));
    let length: usize = inner.iter().map(|&axis| sizes[axis]).product();
    if length >= 16 && outer.iter().any(|&axis| sizes[axis] > 1) {
        return Some(wide(patch, x, |patch, x| {
            let rows = patch.add(Op::Reduce { op: *op, axes: inner.clone() }, &[x]);
            patch.add(Op::Reduce { op: *op, axes: outer.clone() }, &[rows])
        }));
    }

    if results >= FEW_RESULTS || elements < MANY_ELEMENTS {
        return None;
    }
    // The first reduced axes, taken together, are cut in parts.
    let first = *axes.iter().find(|&&axis| sizes[axis] > 1)?;
    let run = axes
        .iter()
        .copied()
        .skip_while(|&axis| axis < first)
        .zip(first..)
        .take_while(|(a, b)| a == b)
        .count();
    let together: usize = sizes[first..first + run].iter().product();
    let parts = (2..=PARTS.min(together / 2)).rev().find(|parts| together.is_multiple_of(*parts))?;
    let mut shape = sizes[..first].to_vec();
    shape.extend([parts, together / parts]);
    shape.extend(&sizes[first + run..]);
    let renumber = |axis: usize| if axis < first { axis } else { axis + 2 - run };
    let others: Vec<usize> =
        axes.iter().copied().filter(|&axis| axis < first || axis >= first + run).collect();
    let mut own: Vec<usize> = others.iter().map(|&axis| renumber(axis)).chain([first + 1]).collect();
    own.sort_unstable();
    let kept_before = first - others.iter().filter(|&&axis| axis < first).count();
    let (op, target) = (*op, node.ty.shape.clone());
    Some(wide(patch, x, |patch, x| {
        let cut = patch.add(Op::Reshape { shape: Shape::from(shape.clone()) }, &[x]);
        let partial = patch.add(Op::Reduce { op, axes: own.clone() }, &[cut]);
        let whole = patch.add(Op::Reduce { op, axes: vec![kept_before] }, &[partial]);
        debug_assert!(patch.ty(whole).shape == target);
        whole
    }))
}

/// Does sums of 16-bit floats in f32, so that they are rounded once.
fn wide(patch: &mut Patch<'_>, x: NodeId, reduce: impl Fn(&mut Patch<'_>, NodeId) -> NodeId) -> NodeId {
    let data_type = patch.ty(x).data_type;
    if !matches!(data_type, TensorDataType::Float16 | TensorDataType::BFloat16) {
        return reduce(patch, x);
    }
    let wide = patch.add(Op::Cast(TensorDataType::Float32), &[x]);
    let reduced = reduce(patch, wide);
    patch.add(Op::Cast(data_type), &[reduced])
}
