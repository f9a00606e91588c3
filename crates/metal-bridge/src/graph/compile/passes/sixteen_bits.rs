//! Products of 16-bit floats, whose sums are in f32 anyway, become products in f32 where the device has a routine
//! for these. Each factor is exact in f32, and the result is rounded once, as before.

use crate::graph::compile::patch::Patch;
use crate::graph::data_type::TensorDataType;
use crate::graph::ir::{Arena, Node, NodeId, Op};

/// `has_routine` tells whether the device has a routine for an operation.
pub(super) fn rule(
    patch: &mut Patch<'_>,
    node: &Node,
    has_routine: &dyn Fn(&Arena, &Node) -> bool,
) -> Option<NodeId> {
    let is_product = matches!(
        node.op,
        Op::MatMul | Op::Conv2d(_) | Op::Conv2dDataGradient { .. } | Op::Conv2dWeightsGradient { .. }
    );
    let data_type = node.ty.data_type;
    if !is_product || !matches!(data_type, TensorDataType::Float16 | TensorDataType::BFloat16) {
        return None;
    }
    let mut wide = node.clone();
    wide.ty.data_type = TensorDataType::Float32;
    if !has_routine(patch.arena, &wide) {
        return None;
    }
    let operands: Vec<NodeId> = node
        .operands
        .iter()
        .map(|&operand| patch.add(Op::Cast(TensorDataType::Float32), &[operand]))
        .collect();
    let product = patch.add(node.op.clone(), &operands);
    Some(patch.add(Op::Cast(data_type), &[product]))
}
