//! Operations that only move elements: other positions of the same values.

use super::{Emitter, literal, register};
use crate::graph::compile::index::{Index, signed};
use crate::graph::dim::Dim;
use crate::graph::ir::op::SliceRange;
use crate::graph::ir::{Node, Op};

fn known(dim: &Dim) -> usize {
    dim.value().expect("all sizes are known")
}

/// Where an operation that shows all its operand's elements somewhere, or some of them, finds the one at a
/// position; `None` for other operations.
pub(crate) fn source(node: &Node, operand: &[usize], at: &[Index]) -> Option<Vec<Index>> {
    Some(match &node.op {
        Op::Reshape { shape } => {
            let shape = shape.known().expect("all sizes are known");
            if shape == operand { at.to_vec() } else { Index::ravel(at, &shape).unravel(operand) }
        }
        Op::Permute { axes } => {
            let mut from = vec![Index::default(); axes.len()];
            for (&axis, index) in axes.iter().zip(at) {
                from[axis] = index.clone();
            }
            from
        }
        Op::Broadcast { .. } => {
            let new = at.len() - operand.len();
            let axes = operand.iter().zip(&at[new..]);
            axes.map(|(&size, index)| if size == 1 { Index::default() } else { index.clone() }).collect()
        }
        Op::Slice { ranges } => {
            let from = |(SliceRange { start, step, .. }, index): (&SliceRange, &Index)| {
                // An index that is always 0 must not be multiplied: steps may be of any size.
                let moved =
                    if *index == Index::default() { Index::default() } else { index.scale(signed(*step)) };
                moved.offset(signed(known(start)))
            };
            ranges.iter().zip(at).map(from).collect()
        }
        Op::Reverse { axes } => {
            let mut from = at.to_vec();
            for &axis in axes {
                from[axis] = at[axis].scale(-1).offset(signed(operand[axis]) - 1);
            }
            from
        }
        _ => return None,
    })
}

impl Emitter<'_> {
    pub(super) fn movement(&mut self, node: &Node, at: &[Index]) -> String {
        let operand = node.operands[0];
        let shape = self.shape(operand);
        if let Some(from) = source(node, &shape, at) {
            return self.value(operand, &from);
        }
        let data_type = register(node.ty.data_type);
        match &node.op {
            Op::Pad { before, after, value } => {
                let mut from = at.to_vec();
                let mut within = Vec::new();
                for axis in 0..shape.len() {
                    let [before, after] = [&before[axis], &after[axis]].map(known);
                    if before == 0 && after == 0 {
                        continue;
                    }
                    let moved = self.index(&at[axis].offset(-signed(before)));
                    let (name, index) = self.bind_index(&moved, shape[axis]);
                    within.push(format!("{name} < {}", self.number(shape[axis])));
                    from[axis] = index;
                }
                if within.is_empty() {
                    return self.value(operand, &from);
                }
                let result = self.declare(data_type, &literal::scalar(*value));
                self.open(&format!("if ({})", within.join(" && ")));
                let value = self.value(operand, &from);
                self.line(&format!("{result} = {value};"));
                self.close();
                result
            }
            Op::Concat { axis } => {
                let result = self.declare(data_type, &literal::small(node.ty.data_type, 0));
                let mut start = 0;
                for &operand in &node.operands {
                    let size = self.shape(operand)[*axis];
                    let moved = self.index(&at[*axis].offset(-signed(start)));
                    let (name, index) = self.bind_index(&moved, size);
                    self.open(&format!("if ({name} < {})", self.number(size)));
                    let mut from = at.to_vec();
                    from[*axis] = index;
                    let value = self.value(operand, &from);
                    self.line(&format!("{result} = {value};"));
                    self.close();
                    start += size;
                }
                result
            }
            op => unreachable!("{} does not move elements", op.name()),
        }
    }
}
