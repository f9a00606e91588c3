//! In which order blocks run once divergent branches no longer jump.
//!
//! Partial control-flow linearisation (Moll and Hack, PLDI 2018): branches that all lanes take alike stay; after a
//! divergent branch, control goes to the first of the blocks that lanes wait at, and the others stay pending until it
//! comes by. A pending block that no lane waits at is skipped.

use std::collections::BTreeSet;

use super::loops::Nest;
use super::shape::Shapes;
use crate::kernel::{Block, Function, Key, Terminator};

/// Where control goes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Block(Block),
    /// All threads are done.
    End,
}

/// How a block knows which lanes run it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Activity {
    /// Control comes only when all lanes of its mask do.
    Direct,
    /// All lanes of its mask or none, as a flag says.
    Flag,
    /// The lanes that edges have added to a mask.
    Mask,
}

/// What follows each block.
#[derive(Debug)]
pub(super) struct Schedule {
    /// By block, for each target of its terminator; for a return one.
    next: Vec<Vec<Next>>,
    /// By block: where control goes if no lane runs it, or no lane goes round the loop again.
    skip: Vec<Next>,
    activity: Vec<Activity>,
}

impl Schedule {
    pub(super) fn new(function: &Function, nest: &Nest, shapes: &Shapes) -> Self {
        let blocks = function.blocks.len();
        let mut pending = Pending { waiting: vec![BTreeSet::new(); nest.order.len() + 1], changed: true };
        let mut schedule = Self {
            next: vec![Vec::new(); blocks],
            skip: vec![Next::End; blocks],
            activity: vec![Activity::Direct; blocks],
        };
        while std::mem::take(&mut pending.changed) {
            for (position, block) in nest.order.iter().enumerate() {
                schedule.step(function, nest, shapes, &mut pending, position, *block);
            }
        }
        schedule.find_activity(function, nest, shapes);
        schedule
    }

    pub(super) fn next(&self, block: Block, target: usize) -> Next {
        self.next[block.index()][target]
    }

    pub(super) fn skip(&self, block: Block) -> Next {
        self.skip[block.index()]
    }

    pub(super) fn activity(&self, block: Block) -> Activity {
        self.activity[block.index()]
    }

    fn step(
        &mut self,
        function: &Function,
        nest: &Nest,
        shapes: &Shapes,
        pending: &mut Pending,
        position: usize,
        block: Block,
    ) {
        let end = nest.order.len();
        let at = |position: usize| match nest.order.get(position) {
            Some(block) => Next::Block(*block),
            None => Next::End,
        };
        let terminator = &function.blocks[block].terminator;
        let targets: Vec<usize> = match terminator {
            Terminator::Return => vec![end],
            other => other.targets().iter().map(|t| nest.position(t.block)).collect(),
        };
        if let Some(l) = nest.headed_by(block).filter(|l| shapes.divergent_loops.contains(l)) {
            // Lanes that have left wait outside while others go on.
            let span = nest.data(l).span.clone();
            let exits =
                span.clone().flat_map(|inside| match &function.blocks[nest.order[inside]].terminator {
                    Terminator::Return => vec![end],
                    other => other.targets().iter().map(|t| nest.position(t.block)).collect(),
                });
            let exits: BTreeSet<usize> = exits.filter(|to| !span.contains(to)).collect();
            pending.add(position, exits);
        }
        let waiting = pending.waiting[position].clone();
        self.skip[block.index()] = at(waiting.first().copied().unwrap_or(end));
        pending.pass(&waiting);

        let goes_back = |to: usize| to <= position;
        let parts = shapes.divergent.contains(&block);
        let again = targets.iter().copied().find(|to| goes_back(*to)).filter(|to| {
            nest.headed_by(nest.order[*to]).is_some_and(|l| shapes.divergent_loops.contains(&l))
        });
        if parts || again.is_some() {
            let mut all = waiting;
            all.extend(targets.iter().copied().filter(|to| !goes_back(*to)));
            if let Some(header) = again {
                pending.add(header, all.clone());
            }
            pending.pass(&all);
            let first = at(all.first().copied().unwrap_or(end));
            self.skip[block.index()] = if again.is_some() { first } else { self.skip[block.index()] };
            self.next[block.index()] = vec![first; targets.len()];
            return;
        }
        self.next[block.index()] = targets
            .iter()
            .map(|&to| {
                if goes_back(to) {
                    pending.add(to, waiting.clone());
                    return at(to);
                }
                let mut all = waiting.clone();
                all.insert(to);
                pending.pass(&all);
                at(all.first().copied().unwrap_or(end))
            })
            .collect();
    }

    fn find_activity(&mut self, function: &Function, nest: &Nest, shapes: &Shapes) {
        let mut direct = vec![true; function.blocks.len()];
        let mut arrive = |next: Next| {
            if let Next::Block(block) = next {
                direct[block.index()] = false;
            }
        };
        for &block in &nest.order {
            let parts = shapes.divergent.contains(&block);
            let targets = function.blocks[block].terminator.targets();
            for (i, next) in self.next[block.index()].iter().enumerate() {
                let target = targets.get(i).map_or(Next::End, |t| Next::Block(t.block));
                if parts || *next != target {
                    arrive(*next);
                }
            }
        }
        // A block that is skipped leads to others that are not reached directly then; from the first on, so that
        // what is found holds for the blocks after.
        for &block in &nest.order {
            let own_mask = shapes.mask(block) == block && block != nest.order[0];
            let activity = match (direct[block.index()], own_mask) {
                (_, true) => Activity::Mask,
                (true, false) => Activity::Direct,
                (false, false) => Activity::Flag,
            };
            self.activity[block.index()] = activity;
            if activity != Activity::Direct
                && let Next::Block(skip) = self.skip[block.index()]
            {
                direct[skip.index()] = false;
            }
        }
    }
}

/// For each position, the blocks at which lanes may wait while control is there.
struct Pending {
    waiting: Vec<BTreeSet<usize>>,
    changed: bool,
}

impl Pending {
    fn add(&mut self, position: usize, more: BTreeSet<usize>) {
        let waiting = &mut self.waiting[position];
        let before = waiting.len();
        waiting.extend(more.into_iter().filter(|p| *p != position));
        self.changed |= waiting.len() != before;
    }

    /// Control goes to the first of these; the others wait on.
    fn pass(&mut self, all: &BTreeSet<usize>) {
        if let Some(first) = all.first() {
            self.add(*first, all.iter().skip(1).copied().collect());
        }
    }
}
