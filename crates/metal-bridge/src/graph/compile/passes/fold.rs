//! Operations on constants become constants, as the reference interpreter computes them.

use crate::graph::compile::patch::Patch;
use crate::graph::handle::Graph;
use crate::graph::ir::{Arena, Node, NodeId, Op};
use crate::graph::reference;
use crate::graph::shape::Shape;

/// The most elements of constants that are made, and of those that they are made of.
const MOST_RESULTS: usize = 1 << 10;
const MOST_OPERANDS: usize = 1 << 13;

pub(super) fn rule(patch: &mut Patch<'_>, node: &Node) -> Option<NodeId> {
    if node.operands.is_empty() || matches!(node.op, Op::Assign(_)) {
        return None;
    }
    let fills = node.operands.iter().all(|&id| matches!(patch.op(id), Op::Fill { .. }));
    let pointwise =
        matches!(node.op, Op::Unary(_) | Op::Binary(_) | Op::Compare(_) | Op::Select | Op::Cast(_));
    if fills && pointwise {
        let data = evaluate(patch, node, true)?;
        let value = data.scalars().next()?;
        return Some(patch.add(Op::Fill { value, shape: node.ty.shape.clone() }, &[]));
    }
    let count = |id: NodeId| patch.sizes(id).iter().product::<usize>();
    let constants = node.operands.iter().all(|&id| matches!(patch.op(id), Op::Fill { .. } | Op::Data(_)));
    let results: usize = node.ty.shape.known()?.iter().product();
    if !constants || results > MOST_RESULTS || node.operands.iter().any(|&id| count(id) > MOST_OPERANDS) {
        return None;
    }
    // The interpreter adds up products one by one.
    if matches!(node.op, Op::MatMul | Op::Conv2d(_))
        && node.operands.iter().any(|&id| count(id) > MOST_RESULTS)
    {
        return None;
    }
    let data = evaluate(patch, node, false)?;
    Some(patch.add(Op::Data(data), &[]))
}

/// The value of an operation on constants, of scalars in the place of their tensors if so.
fn evaluate(patch: &Patch<'_>, node: &Node, scalars: bool) -> Option<crate::graph::data::TensorData> {
    let mut arena = Arena::default();
    let mut operands = Vec::new();
    for &id in &node.operands {
        let op = match patch.op(id) {
            Op::Fill { value, .. } if scalars => Op::Fill { value: *value, shape: Shape::scalar() },
            op => op.clone(),
        };
        operands.push(arena.add(op, &[], node.origin).ok()?);
    }
    let result = arena.add(node.op.clone(), &operands, node.origin).ok()?;
    let tensor = Graph::from_arena(arena).tensor(result);
    reference::evaluate(&[&tensor], &[]).ok()?.pop()
}
