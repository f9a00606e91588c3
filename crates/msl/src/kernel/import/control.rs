//! Blocks, phis and terminators.

use super::super::flow::Flow;
use super::super::op::Axis;
use super::super::{Target, Terminator};
use super::{Importer, Result, Start};
use crate::llvm::{self, Opcode};

impl<'m> Importer<'m> {
    /// Imports the thread function's blocks.
    pub(super) fn body(&mut self, thread: llvm::Value<'m>) -> Result<()> {
        let order = reachable(thread);
        for block in &order {
            let ours = self.function.add_block();
            self.blocks.insert(*block, ours);
            for phi in block.phis() {
                self.location = self.place(phi);
                let types = self.component_types(phi.ty())?;
                let parameters = types.iter().map(|ty| self.function.add_parameter(ours, *ty)).collect();
                self.components.insert(phi, parameters);
            }
        }
        // The context is not imported: only stand-ins take it.
        let what = [
            Start::ThreadIndex,
            Start::ThreadPosition(Axis::X),
            Start::ThreadPosition(Axis::Y),
            Start::ThreadPosition(Axis::Z),
        ];
        for (parameter, what) in thread.parameters().into_iter().skip(1).zip(what) {
            if !parameter.users().is_empty() {
                let value = self.at_start(what);
                self.components.insert(parameter, vec![value]);
            }
        }
        // Definitions come before uses in this order, but for those of phis.
        for block in &order {
            self.current = self.blocks.get(block).copied();
            for instruction in block.instructions() {
                if instruction != block.terminator() && instruction.opcode() != Opcode::LLVMPHI {
                    self.location = self.place(instruction);
                    let components = self.instruction(instruction)?;
                    self.components.insert(instruction, components);
                }
            }
        }
        for block in &order {
            self.terminator(*block)?;
        }
        let first = self.function.layout[0];
        self.function.blocks[first].instructions.splice(0..0, std::mem::take(&mut self.start));
        self.location = None;
        if let Some((from, to)) = Flow::new(&self.function).irreducible {
            self.location = self.function.blocks[from].location.or(self.function.blocks[to].location);
            return Err("a loop has more than one entry (irreducible control flow)".into());
        }
        Ok(())
    }

    fn terminator(&mut self, block: llvm::Block<'m>) -> Result<()> {
        let ours = self.blocks[&block];
        self.current = Some(ours);
        let last = block.terminator();
        self.location = self.place(last);
        let successors = last.successors();
        let terminator = match (last.opcode(), &successors[..]) {
            // What the optimiser finds to be unreachable returns, as in native code.
            (Opcode::LLVMRet | Opcode::LLVMUnreachable, _) => Terminator::Return,
            (Opcode::LLVMBr, [only]) => Terminator::Jump(self.target(block, *only)?),
            (Opcode::LLVMBr, [yes, no]) => Terminator::Branch {
                condition: self.scalar(last.operand(0))?,
                yes: self.target(block, *yes)?,
                no: self.target(block, *no)?,
            },
            (Opcode::LLVMSwitch, [default, others @ ..]) => {
                let value = self.scalar(last.operand(0))?;
                let default = self.target(block, *default)?;
                let mut cases = Vec::with_capacity(others.len());
                for (i, target) in others.iter().enumerate() {
                    // Operands are the value, the default, and then a constant and a block for each case.
                    let case = last.operand(2 + 2 * i as u32).constant_bits();
                    let case = case.ok_or("a case of a switch is not a constant")?;
                    cases.push((case, self.target(block, *target)?));
                }
                Terminator::Switch { value, cases, default }
            }
            (opcode, _) => return Err(format!("{opcode:?} cannot be imported")),
        };
        let data = &mut self.function.blocks[ours];
        data.terminator = terminator;
        data.location = self.location;
        Ok(())
    }

    /// A successor with values for its phis. Constant expressions among them become instructions of this block.
    fn target(&mut self, from: llvm::Block<'m>, to: llvm::Block<'m>) -> Result<Target> {
        let mut arguments = Vec::new();
        for phi in to.phis() {
            let incoming = phi.incoming().into_iter().find(|(_, block)| *block == from);
            let (value, _) = incoming.ok_or("a phi lacks a value for a predecessor")?;
            arguments.extend(self.operand(value)?);
        }
        Ok(Target { block: self.blocks[&to], arguments })
    }
}

/// The blocks that are reached, in reverse postorder.
fn reachable<'m>(function: llvm::Value<'m>) -> Vec<llvm::Block<'m>> {
    let entry = function.blocks()[0];
    let mut seen = std::collections::HashSet::from([entry]);
    let mut order = Vec::new();
    let mut stack = vec![(entry, entry.terminator().successors(), 0)];
    while let Some((block, successors, next)) = stack.last_mut() {
        if let Some(successor) = successors.get(*next).copied() {
            *next += 1;
            if seen.insert(successor) {
                stack.push((successor, successor.terminator().successors(), 0));
            }
        } else {
            order.push(*block);
            stack.pop();
        }
    }
    order.reverse();
    order
}
