//! Long concatenations become trees: a kernel can read only so many tensors.

use crate::graph::compile::patch::Patch;
use crate::graph::ir::{Node, NodeId, Op};

const MOST: usize = 12;

pub(super) fn rule(patch: &mut Patch<'_>, node: &Node) -> Option<NodeId> {
    let Op::Concat { .. } = node.op else { return None };
    if node.operands.len() <= MOST {
        return None;
    }
    let mut parts = node.operands.clone();
    while parts.len() > MOST {
        parts = parts
            .chunks(MOST)
            .map(|part| match part {
                [one] => *one,
                _ => patch.add(node.op.clone(), part),
            })
            .collect();
    }
    Some(patch.add(node.op.clone(), &parts))
}
