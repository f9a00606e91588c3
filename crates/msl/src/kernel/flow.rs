//! Order, predecessors and dominators of the blocks of a function.

use super::{Block, Function, Key};

/// Control flow of one function, as far as its first block reaches.
pub(crate) struct Flow {
    /// Reverse postorder: a block comes before those that it leads to, but for edges back in loops.
    pub(crate) order: Vec<Block>,
    /// By block its position in the order; none if it is not reached.
    position: Vec<Option<usize>>,
    /// By position the position of the immediate dominator; the first block's is itself.
    dominator: Vec<usize>,
    /// An edge that makes control flow irreducible: from, to.
    pub(crate) irreducible: Option<(Block, Block)>,
}

impl Flow {
    /// The function has a first block, and all targets exist.
    pub(crate) fn new(function: &Function) -> Self {
        let successors = |block: Block| -> Vec<Block> {
            function.blocks[block].terminator.targets().iter().map(|t| t.block).collect()
        };
        let entry = function.layout[0];
        let mut seen = vec![false; function.blocks.len()];
        seen[entry.index()] = true;
        let mut order = Vec::new();
        let mut stack = vec![(entry, successors(entry), 0)];
        while let Some((block, targets, next)) = stack.last_mut() {
            if let Some(target) = targets.get(*next).copied() {
                *next += 1;
                if !std::mem::replace(&mut seen[target.index()], true) {
                    stack.push((target, successors(target), 0));
                }
            } else {
                order.push(*block);
                stack.pop();
            }
        }
        order.reverse();
        let mut position = vec![None; function.blocks.len()];
        for (i, block) in order.iter().enumerate() {
            position[block.index()] = Some(i);
        }
        let mut predecessors = vec![Vec::new(); order.len()];
        for (i, block) in order.iter().enumerate() {
            for target in successors(*block) {
                if let Some(target) = position[target.index()] {
                    predecessors[target].push(i);
                }
            }
        }
        let dominator = immediate_dominators(&predecessors);
        let mut flow = Self { order, position, dominator, irreducible: None };
        // In a reducible graph, every edge that goes back in this order goes to a dominator.
        flow.irreducible = predecessors.iter().enumerate().find_map(|(to, from)| {
            let from = *from.iter().find(|from| **from >= to && !flow.dominates_position(to, **from))?;
            Some((flow.order[from], flow.order[to]))
        });
        flow
    }

    /// Whether a block is reached.
    pub(crate) fn reaches(&self, block: Block) -> bool {
        self.position[block.index()].is_some()
    }

    /// Whether all paths to `b` go through `a`; a block dominates itself. Both are reached.
    pub(crate) fn dominates(&self, a: Block, b: Block) -> bool {
        match (self.position[a.index()], self.position[b.index()]) {
            (Some(a), Some(b)) => self.dominates_position(a, b),
            _ => false,
        }
    }

    /// The nearest block through which all paths to a block go; the first block has none.
    pub(crate) fn dominator(&self, block: Block) -> Option<Block> {
        let position = self.position[block.index()]?;
        (position > 0).then(|| self.order[self.dominator[position]])
    }

    fn dominates_position(&self, a: usize, mut b: usize) -> bool {
        while b > a {
            b = self.dominator[b];
        }
        a == b
    }
}

/// For each position its immediate dominator's (Cooper, Harvey, Kennedy: A Simple, Fast Dominance Algorithm, 2001).
fn immediate_dominators(predecessors: &[Vec<usize>]) -> Vec<usize> {
    let mut dominator: Vec<Option<usize>> = vec![None; predecessors.len()];
    dominator[0] = Some(0);
    let mut changed = true;
    while changed {
        changed = false;
        for i in 1..predecessors.len() {
            let mut common: Option<usize> = None;
            for &predecessor in &predecessors[i] {
                if dominator[predecessor].is_none() {
                    continue;
                }
                let mut other = predecessor;
                let mut new = common.unwrap_or(other);
                while other != new {
                    let higher = if other > new { &mut other } else { &mut new };
                    *higher = dominator[*higher].expect("blocks before this one have a dominator");
                }
                common = Some(new);
            }
            if dominator[i] != common {
                dominator[i] = common;
                changed = true;
            }
        }
    }
    dominator.into_iter().map(|d| d.expect("all blocks of the order are reached")).collect()
}
