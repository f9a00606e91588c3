//! Reductions, by one thread or by the threads of a SIMD-group.

use super::elementwise::{maximum, minimum, wrapping};
use super::{Emitter, literal, register, rounded};
use crate::graph::compile::index::Index;
use crate::graph::data_type::TensorDataType;
use crate::graph::ir::op::{ArgReduceOp, ReduceOp};
use crate::graph::ir::{Node, Op};

/// What a reduction begins with.
pub(super) fn identity(op: ReduceOp, data_type: TensorDataType) -> String {
    match op {
        ReduceOp::Sum => literal::small(data_type, 0),
        ReduceOp::Product => literal::small(data_type, 1),
        ReduceOp::Max => literal::least(data_type),
        ReduceOp::Min => literal::greatest(data_type),
    }
}

/// Two values made one. Floats are not rounded.
pub(super) fn combine(op: ReduceOp, data_type: TensorDataType, a: &str, b: &str) -> String {
    match op {
        ReduceOp::Sum if data_type.is_float() => format!("{a} + {b}"),
        ReduceOp::Product if data_type.is_float() => format!("{a} * {b}"),
        ReduceOp::Sum => wrapping(data_type, "+", a, b),
        ReduceOp::Product => wrapping(data_type, "*", a, b),
        ReduceOp::Max => maximum(data_type, a, b),
        ReduceOp::Min => minimum(data_type, a, b),
    }
}

impl Emitter<'_> {
    pub(super) fn reduction(&mut self, node: &Node, at: &[Index]) -> String {
        match &node.op {
            Op::Reduce { op, axes } => self.reduce(node, *op, axes, at),
            Op::ArgReduce { op, axis } => self.arg_reduce(node, *op, *axis, at),
            op => unreachable!("{} is no reduction", op.name()),
        }
    }

    fn reduce(&mut self, node: &Node, op: ReduceOp, axes: &[usize], at: &[Index]) -> String {
        let operand = node.operands[0];
        let data_type = node.ty.data_type;
        let sum = self.declare(register(data_type), &identity(op, data_type));
        let shape = self.shape(operand);
        let mut from = Vec::new();
        let mut kept = at.iter();
        for (axis, &size) in shape.iter().enumerate() {
            from.push(if axes.contains(&axis) {
                self.open_loop(size)
            } else {
                kept.next().expect("each axis is kept or reduced").clone()
            });
        }
        let value = self.value(operand, &from);
        let combined = combine(op, data_type, &sum, &value);
        self.line(&format!("{sum} = {combined};"));
        for _ in axes {
            self.close();
        }
        self.bind_rounded(data_type, &sum)
    }

    /// A finished sum, rounded to its type.
    pub(super) fn bind_rounded(&mut self, data_type: TensorDataType, sum: &str) -> String {
        match data_type {
            TensorDataType::Float16 | TensorDataType::BFloat16 => {
                let value = rounded(data_type, sum);
                self.bind("float", &value)
            }
            _ => sum.to_owned(),
        }
    }

    fn arg_reduce(&mut self, node: &Node, op: ArgReduceOp, axis: usize, at: &[Index]) -> String {
        let operand = node.operands[0];
        let data_type = self.data_type(operand);
        let position = self.declare("int", "0");
        let best = self.declare(register(data_type), &literal::small(data_type, 0));
        let size = self.shape(operand)[axis];
        let index = self.open_loop(size);
        let mut from = at.to_vec();
        from.insert(axis, index.clone());
        let value = self.value(operand, &from);
        let greatest = matches!(op, ArgReduceOp::Max);
        let beyond = better(data_type, greatest, &value, &best);
        let place = self.index(&index);
        let taken = self.bind("bool", &format!("{place} == 0 || ({beyond})"));
        self.line(&format!("{position} = {taken} ? int({place}) : {position};"));
        self.line(&format!("{best} = {taken} ? {value} : {best};"));
        self.close();
        position
    }
}

/// Whether a value comes before the best so far, where the first of equal ones is wanted.
pub(super) fn better(data_type: TensorDataType, greatest: bool, value: &str, best: &str) -> String {
    let operator = if greatest { ">" } else { "<" };
    if data_type.is_float() {
        format!("{best} == {best} && ({value} != {value} || {value} {operator} {best})")
    } else {
        format!("{value} {operator} {best}")
    }
}
