//! The nest of loops of a kernel, and an order of its blocks in which loops are contiguous.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use crate::kernel::{Block, Flow, Function, Key};

/// A loop, by its position in [`Nest::loops`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Loop(usize);

#[derive(Debug)]
pub(super) struct LoopData {
    pub(super) header: Block,
    /// The only block that leads back to the header.
    pub(super) latch: Block,
    pub(super) parent: Option<Loop>,
    /// Positions of its blocks in the order.
    pub(super) span: Range<usize>,
}

/// Loops, order, dominance and, within each loop, postdominance.
#[derive(Debug)]
pub(super) struct Nest {
    /// A block comes after all that lead to it, but for edges back to headers; blocks of a loop follow each other.
    pub(super) order: Vec<Block>,
    position: Vec<usize>,
    pub(super) loops: Vec<LoopData>,
    innermost: Vec<Option<Loop>>,
    dominator: Vec<Option<Block>>,
    /// By block: the next node of its level that all ways through it lead to before the level's end. A loop is one
    /// node in the level around it, which its header stands for.
    postdominator: Vec<Option<Block>>,
}

impl Nest {
    /// Finds the loops of a kernel that LLVM's `loop-simplify` has prepared.
    pub(super) fn new(function: &Function) -> Result<Self, String> {
        let flow = Flow::new(function);
        let count = function.blocks.len();
        let mut nest = Self {
            order: Vec::new(),
            position: vec![usize::MAX; count],
            loops: Vec::new(),
            innermost: vec![None; count],
            dominator: vec![None; count],
            postdominator: vec![None; count],
        };
        for block in &flow.order {
            nest.dominator[block.index()] = flow.dominator(*block);
        }
        nest.find_loops(function, &flow)?;
        nest.sort(function, &flow);
        nest.find_postdominators(function);
        Ok(nest)
    }

    /// Position of a block in the order.
    pub(super) fn position(&self, block: Block) -> usize {
        self.position[block.index()]
    }

    /// The innermost loop around a block.
    pub(super) fn innermost(&self, block: Block) -> Option<Loop> {
        self.innermost[block.index()]
    }

    pub(super) fn data(&self, l: Loop) -> &LoopData {
        &self.loops[l.0]
    }

    pub(super) fn all(&self) -> impl Iterator<Item = Loop> + use<> {
        (0..self.loops.len()).map(Loop)
    }

    /// The loops around a block, from the innermost.
    pub(super) fn around(&self, block: Block) -> impl Iterator<Item = Loop> + '_ {
        std::iter::successors(self.innermost(block), |l| self.data(*l).parent)
    }

    pub(super) fn contains(&self, l: Loop, block: Block) -> bool {
        self.data(l).span.contains(&self.position(block))
    }

    /// The loop whose header a block is.
    pub(super) fn headed_by(&self, block: Block) -> Option<Loop> {
        self.innermost(block).filter(|l| self.data(*l).header == block)
    }

    /// The loop in which a block is entered anew in each iteration: for a header, the one around its own.
    pub(super) fn level(&self, block: Block) -> Option<Loop> {
        match self.headed_by(block) {
            Some(own) => self.data(own).parent,
            None => self.innermost(block),
        }
    }

    /// The block that stands for `block` among the nodes of a level; none if it is not in the level.
    pub(super) fn node(&self, block: Block, level: Option<Loop>) -> Option<Block> {
        let mut node = block;
        let mut around = self.innermost(block);
        while around != level {
            let data = self.data(around?);
            node = data.header;
            around = data.parent;
        }
        Some(node)
    }

    /// Immediate dominator.
    pub(super) fn dominator(&self, block: Block) -> Option<Block> {
        self.dominator[block.index()]
    }

    /// Whether within a level all ways through node `b` lead to node `a` before the level's end; a node
    /// postdominates itself.
    pub(super) fn postdominates(&self, a: Block, b: Block) -> bool {
        let level = self.level(a);
        // The header of the level's own loop is a node of it, too.
        let next = |b: &Block| self.postdominator_in(*b, level);
        std::iter::successors(Some(b), next).any(|b| b == a)
    }

    fn postdominator_in(&self, node: Block, level: Option<Loop>) -> Option<Block> {
        // What is kept for a header is about the level inside of its loop or around it: kept apart by position.
        match self.headed_by(node) {
            Some(own) if level == Some(own) => self.inner_postdominator(own),
            _ => self.postdominator[node.index()],
        }
    }

    /// Of a loop's header, as a node of the loop's own level.
    fn inner_postdominator(&self, l: Loop) -> Option<Block> {
        self.postdominator.get(self.position.len() + l.0).copied().flatten()
    }

    fn find_loops(&mut self, function: &Function, flow: &Flow) -> Result<(), String> {
        let mut predecessors = vec![Vec::new(); function.blocks.len()];
        for block in &flow.order {
            for target in function.blocks[*block].terminator.targets() {
                predecessors[target.block.index()].push(*block);
            }
        }
        // Outer loops have their headers earlier in this order than the loops inside.
        for header in &flow.order {
            let latches: HashSet<Block> = predecessors[header.index()]
                .iter()
                .copied()
                .filter(|from| flow.dominates(*header, *from))
                .collect();
            let mut latches = latches.into_iter();
            let Some(latch) = latches.next() else { continue };
            if latches.next().is_some() {
                return Err("a loop is continued from several places".into());
            }
            let this = Loop(self.loops.len());
            self.loops.push(LoopData {
                header: *header,
                latch,
                parent: self.innermost[header.index()],
                span: 0..0,
            });
            let mut inside = HashSet::from([*header]);
            let mut pending = vec![latch];
            while let Some(block) = pending.pop() {
                if inside.insert(block) {
                    pending.extend(&predecessors[block.index()]);
                }
            }
            for block in inside {
                self.innermost[block.index()] = Some(this);
            }
        }
        Ok(())
    }

    /// Successors of a node in a level, as nodes of the level; none for what leaves it.
    fn successors(&self, function: &Function, node: Block, level: Option<Loop>) -> Vec<Option<Block>> {
        let inner = self.headed_by(node).filter(|own| level != Some(*own));
        let blocks: Vec<Block> = match inner {
            Some(own) => function
                .blocks
                .iter()
                .map(|(block, _)| block)
                .filter(|block| self.around(*block).any(|l| l == own))
                .collect(),
            None => vec![node],
        };
        let mut found = Vec::new();
        for block in blocks {
            let targets = function.blocks[block].terminator.targets();
            if targets.is_empty() {
                found.push(None);
            }
            for target in targets {
                let inside = inner.is_some_and(|own| self.around(target.block).any(|l| l == own));
                if inside {
                    continue;
                }
                // An edge back to the level's header ends the level.
                let back = level.is_some_and(|l| self.data(l).header == target.block);
                found.push(if back { None } else { self.node(target.block, level) });
            }
        }
        found
    }

    fn sort(&mut self, function: &Function, flow: &Flow) {
        let mut order = Vec::with_capacity(flow.order.len());
        self.sort_level(function, flow.order[0], None, &mut order);
        for (i, block) in order.iter().enumerate() {
            self.position[block.index()] = i;
        }
        for l in self.all() {
            let inside: Vec<usize> = order
                .iter()
                .enumerate()
                .filter(|(_, block)| self.around(**block).any(|a| a == l))
                .map(|(i, _)| i)
                .collect();
            self.loops[l.0].span = inside[0]..inside[inside.len() - 1] + 1;
        }
        self.order = order;
    }

    /// Appends the blocks of a level, depth first; nesting of loops bounds the recursion.
    fn sort_level(&self, function: &Function, first: Block, level: Option<Loop>, order: &mut Vec<Block>) {
        let mut seen = HashSet::from([first]);
        let mut done = Vec::new();
        let mut stack = vec![(first, self.successors(function, first, level))];
        while let Some((node, targets)) = stack.last_mut() {
            match targets.pop() {
                Some(Some(target)) => {
                    if seen.insert(target) {
                        let targets = self.successors(function, target, level);
                        stack.push((target, targets));
                    }
                }
                Some(None) => {}
                None => {
                    done.push(*node);
                    stack.pop();
                }
            }
        }
        for node in done.into_iter().rev() {
            match self.headed_by(node).filter(|own| level != Some(*own)) {
                Some(own) => self.sort_level(function, node, Some(own), order),
                None => order.push(node),
            }
        }
    }

    fn find_postdominators(&mut self, function: &Function) {
        self.postdominator.resize(self.position.len() + self.loops.len(), None);
        let levels: Vec<Option<Loop>> = std::iter::once(None).chain(self.all().map(Some)).collect();
        for level in levels {
            let nodes: Vec<Block> =
                self.order.iter().copied().filter(|block| self.node(*block, level) == Some(*block)).collect();
            let place = |node: Block| match self.headed_by(node) {
                Some(own) if level == Some(own) => self.position.len() + own.0,
                _ => node.index(),
            };
            // What is found goes to a table of its own, as levels share headers.
            let mut found: HashMap<usize, Option<Block>> = HashMap::new();
            let lookup =
                |found: &HashMap<usize, Option<Block>>, node| found.get(&place(node)).copied().flatten();
            for node in nodes.iter().rev() {
                let mut common: Option<Option<Block>> = None;
                for successor in self.successors(function, *node, level) {
                    common = Some(match common {
                        None => successor,
                        Some(other) => {
                            let (mut a, mut b) = (successor, other);
                            while a != b {
                                match (a, b) {
                                    (Some(x), Some(y)) if self.position(x) < self.position(y) => {
                                        a = lookup(&found, x);
                                    }
                                    (Some(_), Some(y)) => b = lookup(&found, y),
                                    _ => (a, b) = (None, None),
                                }
                            }
                            a
                        }
                    });
                }
                found.insert(place(*node), common.flatten());
            }
            for (at, next) in found {
                self.postdominator[at] = next;
            }
        }
    }
}
