//! Operations with indices from tensors.

use super::elementwise::wrapping;
use super::{Emitter, literal, register};
use crate::graph::compile::index::Index;
use crate::graph::ir::{Node, Op};

impl Emitter<'_> {
    pub(super) fn indexed(&mut self, node: &Node, at: &[Index]) -> String {
        match node.op {
            Op::Gather { axis, batch } => self.gather(node, axis, batch, at),
            Op::ScatterAdd { axis, batch } => self.scatter_add(node, axis, batch, at),
            _ => unreachable!("{} has no indices", node.op.name()),
        }
    }

    /// `at` is `B… O… J… I…`.
    fn gather(&mut self, node: &Node, axis: usize, batch: usize, at: &[Index]) -> String {
        let [x, indices] = [node.operands[0], node.operands[1]];
        let chosen = self.shape(indices).len() - batch;
        let which: Vec<Index> = at[..batch].iter().chain(&at[axis..axis + chosen]).cloned().collect();
        let chosen_index = self.value(indices, &which);
        let size = self.shape(x)[axis];
        let data_type = node.ty.data_type;
        let result = self.declare(register(data_type), &literal::small(data_type, 0));
        self.open(&format!("if ({chosen_index} >= 0 && ulong({chosen_index}) < {size}ul)"));
        let cast = format!("{}({chosen_index})", self.index_type());
        let (_, index) = self.bind_index(&cast, size);
        let mut from = at[..axis].to_vec();
        from.push(index);
        from.extend_from_slice(&at[axis + chosen..]);
        let value = self.value(x, &from);
        self.line(&format!("{result} = {value};"));
        self.close();
        result
    }

    /// `at` is `B… O… N I…`: adds up the updates for this element, in their order.
    fn scatter_add(&mut self, node: &Node, axis: usize, batch: usize, at: &[Index]) -> String {
        let [x, indices, updates] = [node.operands[0], node.operands[1], node.operands[2]];
        let data_type = node.ty.data_type;
        let before = self.value(x, at);
        let sum = self.declare(register(data_type), &before);
        let chosen = self.shape(indices)[batch..].to_vec();
        let loops: Vec<Index> = chosen.iter().map(|&size| self.open_loop(size)).collect();
        let which: Vec<Index> = at[..batch].iter().chain(&loops).cloned().collect();
        let index = self.value(indices, &which);
        let own = self.index(&at[axis]);
        self.open(&format!("if (long({index}) == long({own}))"));
        let from: Vec<Index> = at[..axis].iter().chain(&loops).chain(&at[axis + 1..]).cloned().collect();
        let update = self.value(updates, &from);
        let added = if data_type.is_float() {
            format!("{sum} + {update}")
        } else {
            wrapping(data_type, "+", &sum, &update)
        };
        self.line(&format!("{sum} = {added};"));
        self.close();
        for _ in loops {
            self.close();
        }
        self.bind_rounded(data_type, &sum)
    }
}
