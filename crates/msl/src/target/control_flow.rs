//! Order of execution and loops of a function.

use std::collections::{HashMap, HashSet};

use crate::llvm::{Block, Value};

/// Control flow of one function. Unreachable blocks are not part of it.
pub(super) struct ControlFlow<'m> {
    /// Reverse postorder: a block comes before those that it leads to, but for edges back in loops.
    pub(super) order: Vec<Block<'m>>,
    /// Edges that close a cycle: from, to.
    pub(super) back_edges: Vec<(Block<'m>, Block<'m>)>,
    position: HashMap<Block<'m>, usize>,
    /// Headers of natural loops with their blocks.
    loops: Vec<(Block<'m>, HashSet<Block<'m>>)>,
}

impl<'m> ControlFlow<'m> {
    pub(super) fn new(function: Value<'m>) -> Self {
        let entry = function.blocks()[0];
        let mut postorder = Vec::new();
        let mut back_edges = Vec::new();
        let mut open = HashSet::from([entry]);
        let mut seen = HashSet::from([entry]);
        let mut stack = vec![(entry, entry.terminator().successors(), 0)];
        while let Some((block, successors, next)) = stack.last_mut() {
            if let Some(successor) = successors.get(*next).copied() {
                *next += 1;
                let from = *block;
                if seen.insert(successor) {
                    open.insert(successor);
                    stack.push((successor, successor.terminator().successors(), 0));
                } else if open.contains(&successor) && !back_edges.contains(&(from, successor)) {
                    back_edges.push((from, successor));
                }
            } else {
                open.remove(block);
                postorder.push(*block);
                stack.pop();
            }
        }
        postorder.reverse();
        let order = postorder;
        let position: HashMap<_, _> = order.iter().enumerate().map(|(i, b)| (*b, i)).collect();
        let mut predecessors = HashMap::<Block<'m>, Vec<Block<'m>>>::new();
        for block in &order {
            for successor in block.terminator().successors() {
                predecessors.entry(successor).or_default().push(*block);
            }
        }
        let dominators = immediate_dominators(&order, &position, &predecessors);
        let dominates = |a: usize, mut b: usize| loop {
            if a == b {
                return true;
            }
            if b == 0 {
                return false;
            }
            b = dominators[b];
        };
        let mut loops = Vec::<(Block<'m>, HashSet<Block<'m>>)>::new();
        for (latch, header) in &back_edges {
            // An edge into the middle of a cycle makes no natural loop.
            if !dominates(position[header], position[latch]) {
                continue;
            }
            let i = loops.iter().position(|(h, _)| h == header).unwrap_or_else(|| {
                loops.push((*header, HashSet::from([*header])));
                loops.len() - 1
            });
            let mut pending = vec![*latch];
            while let Some(block) = pending.pop() {
                if loops[i].1.insert(block) {
                    pending.extend(predecessors.get(&block).into_iter().flatten());
                }
            }
        }
        // Outer loops first: a header inside another loop comes later in the order.
        loops.sort_by_key(|(header, _)| position[header]);
        Self { order, back_edges, position, loops }
    }

    /// Position of a block in the order; `None` if it is unreachable.
    pub(super) fn position(&self, block: Block<'m>) -> Option<usize> {
        self.position.get(&block).copied()
    }

    /// Headers of the loops around a block, outermost first.
    pub(super) fn loops_around(&self, block: Block<'m>) -> Vec<Block<'m>> {
        self.loops.iter().filter(|(_, body)| body.contains(&block)).map(|(header, _)| *header).collect()
    }
}

/// For each position its immediate dominator's position (Cooper, Harvey, Kennedy: A Simple, Fast Dominance
/// Algorithm, 2001).
fn immediate_dominators<'m>(
    order: &[Block<'m>],
    position: &HashMap<Block<'m>, usize>,
    predecessors: &HashMap<Block<'m>, Vec<Block<'m>>>,
) -> Vec<usize> {
    const UNKNOWN: usize = usize::MAX;
    let mut dominator = vec![UNKNOWN; order.len()];
    dominator[0] = 0;
    let mut changed = true;
    while changed {
        changed = false;
        for i in 1..order.len() {
            let mut new = UNKNOWN;
            for predecessor in predecessors.get(&order[i]).into_iter().flatten() {
                let mut p = position[predecessor];
                if dominator[p] == UNKNOWN {
                    continue;
                }
                if new == UNKNOWN {
                    new = p;
                    continue;
                }
                while p != new {
                    if p > new {
                        p = dominator[p];
                    } else {
                        new = dominator[new];
                    }
                }
            }
            if dominator[i] != new {
                dominator[i] = new;
                changed = true;
            }
        }
    }
    dominator
}
