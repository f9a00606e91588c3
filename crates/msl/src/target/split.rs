//! Splitting blocks and edges, which LLVM's C API has no function for.

use crate::llvm::{Block, Builder, Module, Value};

/// Moves an instruction and all that follow it in its block to a new block, and returns that. The old block
/// is left without a terminator.
pub(super) fn split_before<'m>(module: &'m Module, instruction: Value<'m>) -> Block<'m> {
    let old = instruction.block();
    let successors = old.terminator().successors();
    let new = Builder::append_block(module, old.function(), "");
    let builder = Builder::at_end(module, new);
    let mut current = Some(instruction);
    while let Some(moved) = current {
        current = moved.next_instruction();
        builder.take(moved);
    }
    for successor in successors {
        replace_incoming(module, successor, old, new, false);
    }
    new
}

/// Puts a new block, without a terminator, on the edge between two blocks, and returns it.
pub(super) fn split_edge<'m>(module: &'m Module, from: Block<'m>, to: Block<'m>) -> Block<'m> {
    let middle = Builder::append_block(module, from.function(), "");
    let terminator = from.terminator();
    for (i, successor) in terminator.successors().into_iter().enumerate() {
        if successor == to {
            terminator.set_successor(i as u32, middle);
        }
    }
    replace_incoming(module, to, from, middle, true);
    middle
}

/// Lets the phis of a block expect `new` where they expected `old`; if `merge`, several edges became one.
fn replace_incoming<'m>(module: &'m Module, block: Block<'m>, old: Block<'m>, new: Block<'m>, merge: bool) {
    for phi in block.phis() {
        let incoming = phi.incoming();
        if incoming.iter().all(|(_, from)| *from != old) {
            continue;
        }
        let replacement = Builder::before(module, phi).phi(phi.ty());
        let mut done = false;
        for (value, from) in incoming {
            // A phi may use itself.
            let value = if value == phi { replacement } else { value };
            if from != old {
                replacement.add_incoming(value, from);
            } else if !(merge && done) {
                replacement.add_incoming(value, new);
                done = true;
            }
        }
        phi.replace_all_uses_with(replacement);
        phi.erase();
    }
}
