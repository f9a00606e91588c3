//! Movements that follow each other become one, or none.

use crate::graph::compile::patch::Patch;
use crate::graph::ir::{Node, NodeId, Op};

pub(super) fn rule(patch: &mut Patch<'_>, node: &Node) -> Option<NodeId> {
    let &[x] = node.operands.as_slice() else { return None };
    let shape = node.ty.shape.clone();
    if let Op::Fill { value, .. } = *patch.op(x)
        && moves_only(&node.op)
    {
        return Some(patch.add(Op::Fill { value, shape }, &[]));
    }
    let same_shape = patch.ty(x).shape == shape;
    match &node.op {
        Op::Reshape { .. } | Op::Broadcast { .. } if same_shape => Some(x),
        Op::Reshape { .. } => match patch.op(x) {
            Op::Reshape { .. } => {
                let source = patch.operand(x, 0);
                Some(patch.add(Op::Reshape { shape }, &[source]))
            }
            Op::Data(data) => {
                let data =
                    crate::graph::data::TensorData::from_bytes(data.data_type(), shape, data.bytes()).ok()?;
                Some(patch.add(Op::Data(data), &[]))
            }
            _ => None,
        },
        Op::Broadcast { .. } => match patch.op(x) {
            Op::Broadcast { .. } => {
                let source = patch.operand(x, 0);
                Some(patch.add(Op::Broadcast { shape }, &[source]))
            }
            _ => None,
        },
        Op::Permute { axes } => {
            if axes.iter().enumerate().all(|(i, &axis)| i == axis) {
                return Some(x);
            }
            if let Op::Permute { axes: before } = patch.op(x) {
                let axes = axes.iter().map(|&axis| before[axis]).collect();
                let source = patch.operand(x, 0);
                return Some(patch.add(Op::Permute { axes }, &[source]));
            }
            // Axes of size 1 may go anywhere without moving an element.
            let sizes = patch.sizes(x);
            let long: Vec<usize> = axes.iter().copied().filter(|&axis| sizes[axis] > 1).collect();
            if long.is_sorted() {
                return Some(patch.add(Op::Reshape { shape }, &[x]));
            }
            None
        }
        Op::Slice { ranges } if same_shape && ranges.iter().all(|range| range.step == 1) => Some(x),
        Op::Pad { .. } if same_shape => Some(x),
        Op::Concat { .. } => Some(x),
        Op::Reverse { axes } => {
            let sizes = patch.sizes(x);
            if axes.iter().all(|&axis| sizes[axis] == 1) {
                return Some(x);
            }
            match patch.op(x) {
                Op::Reverse { axes: before } if before == axes => Some(patch.operand(x, 0)),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Whether all elements of the result are elements of the operand.
fn moves_only(op: &Op) -> bool {
    matches!(
        op,
        Op::Reshape { .. }
            | Op::Permute { .. }
            | Op::Broadcast { .. }
            | Op::Slice { .. }
            | Op::Concat { .. }
            | Op::Reverse { .. }
    )
}
