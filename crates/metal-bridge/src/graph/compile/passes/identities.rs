//! Operations that do nothing, or nothing that a simpler one would not do. All keep every bit of the result but
//! the payloads of NaN.

use crate::graph::compile::patch::Patch;
use crate::graph::data_type::{Scalar, TensorDataType};
use crate::graph::ir::op::{BinaryOp, UnaryOp};
use crate::graph::ir::{Node, NodeId, Op};

pub(super) fn rule(patch: &mut Patch<'_>, node: &Node) -> Option<NodeId> {
    match (&node.op, node.operands.as_slice()) {
        (Op::Unary(UnaryOp::StopGradient), &[x]) => Some(x),
        (Op::Unary(op @ (UnaryOp::Neg | UnaryOp::Not)), &[x]) if *patch.op(x) == Op::Unary(*op) => {
            Some(patch.operand(x, 0))
        }
        (
            Op::Unary(op @ (UnaryOp::Abs | UnaryOp::Relu | UnaryOp::Floor | UnaryOp::Ceil | UnaryOp::Round)),
            &[x],
        ) if *patch.op(x) == Op::Unary(*op) => Some(x),
        (Op::Cast(to), &[x]) => cast(patch, *to, x),
        (Op::Select, &[condition, a, b]) => match patch.op(condition) {
            _ if a == b => Some(a),
            Op::Fill { value, .. } => Some(if value.to_i64() != 0 { a } else { b }),
            _ => None,
        },
        (Op::Binary(op), &[a, b]) => binary(patch, *op, a, b),
        (Op::Reduce { axes, .. }, &[x]) => {
            let shape = patch.sizes(x);
            if axes.iter().any(|&axis| shape[axis] > 1) {
                return None;
            }
            Some(patch.add(Op::Reshape { shape: node.ty.shape.clone() }, &[x]))
        }
        _ => None,
    }
}

fn cast(patch: &Patch<'_>, to: TensorDataType, x: NodeId) -> Option<NodeId> {
    if patch.ty(x).data_type == to {
        return Some(x);
    }
    // There and back again, through a type that holds all values.
    let Op::Cast(middle) = *patch.op(x) else { return None };
    let from = patch.operand(x, 0);
    let holds = match patch.ty(from).data_type {
        TensorDataType::Float16 | TensorDataType::BFloat16 => middle == TensorDataType::Float32,
        TensorDataType::Int32 => middle == TensorDataType::Int64,
        TensorDataType::UInt8 => {
            matches!(middle, TensorDataType::Int32 | TensorDataType::Int64 | TensorDataType::Float32)
        }
        TensorDataType::Bool => true,
        _ => false,
    };
    (holds && patch.ty(from).data_type == to).then_some(from)
}

fn constant(patch: &Patch<'_>, id: NodeId) -> Option<Scalar> {
    match patch.op(id) {
        Op::Fill { value, .. } => Some(*value),
        Op::Data(data) if data.element_count() == 1 => data.scalars().next(),
        _ => None,
    }
}

fn binary(patch: &mut Patch<'_>, op: BinaryOp, a: NodeId, b: NodeId) -> Option<NodeId> {
    let data_type = patch.ty(a).data_type;
    let float = data_type.is_float();
    let is = |scalar: Option<Scalar>, number: f64| {
        scalar.is_some_and(|s| s == Scalar::from_f64(data_type, number))
    };
    let (left, right) = (constant(patch, a), constant(patch, b));
    match op {
        // In floats, -0 + 0 is 0.
        BinaryOp::Add if is(right, if float { -0.0 } else { 0.0 }) => Some(a),
        BinaryOp::Add if is(left, if float { -0.0 } else { 0.0 }) => Some(b),
        BinaryOp::Sub if is(right, 0.0) => Some(a),
        BinaryOp::Mul | BinaryOp::Div | BinaryOp::Pow if is(right, 1.0) => Some(a),
        BinaryOp::Mul if is(left, 1.0) => Some(b),
        BinaryOp::Mul if float && is(right, -1.0) => Some(patch.add(Op::Unary(UnaryOp::Neg), &[a])),
        BinaryOp::Mul if float && is(left, -1.0) => Some(patch.add(Op::Unary(UnaryOp::Neg), &[b])),
        BinaryOp::Pow if is(right, 2.0) => Some(patch.add(Op::Binary(BinaryOp::Mul), &[a, a])),
        BinaryOp::Max | BinaryOp::Min | BinaryOp::And | BinaryOp::Or if a == b => Some(a),
        _ => None,
    }
}
