//! Whether the SIMD-groups of a threadgroup are better run together, as the rows of one tile.
//!
//! Then no SIMD-group waits for another: what comes before a barrier is done for all of them before what comes after it. They
//! share what is uniform, and memory is read in longer stretches. But all of them go everywhere that one of them goes.

use super::loops::{Loop, Nest};
use super::origin::Origins;
use super::shape::{Shapes, has_effect};
use super::{Plan, Threads};
use crate::kernel::{Axis, Block, Definition, Function, Inst, Op};
use crate::runtime::Gang;

/// Most SIMD-groups: of threadgroups of 512 threads.
const MOST: u32 = 16;
/// Most instructions of a kernel times SIMD-groups, each of which LLVM has to compile.
const MOST_INSTRUCTIONS: u32 = 1500;
/// Most instructions that SIMD-groups may run for others.
const MOST_FOR_OTHERS: usize = 100;

/// The plan for a gang of SIMD-groups, by that for one of which all threads are there.
pub(super) fn plan(gang: Gang, one: &Plan) -> Plan {
    let across = if gang.along_y { Axis::Y } else { Axis::X };
    Plan { together: true, rows: gang.simdgroups, across, may_restart: false, waits: false, ..one.clone() }
}

/// The most SIMD-groups that are better run together than by a plan for one of which all threads are there; 0 if none are.
pub(super) fn most(function: &Function, nest: &Nest, origins: &Origins, one: &Plan) -> u32 {
    if !one.waits || one.threads != Threads::Straight {
        return 0;
    }
    let gangs = [false, true].map(|along_y| Gang { simdgroups: 2, along_y });
    let each = gangs.map(|gang| {
        let shapes = Shapes::new(function, nest, origins, &plan(gang, one));
        let gang = Together { function, nest, shapes: &shapes };
        if gang.is_better() { MOST_INSTRUCTIONS / gang.repeated().max(1) } else { 0 }
    });
    each[0].min(each[1]).min(MOST)
}

struct Together<'a> {
    function: &'a Function,
    nest: &'a Nest,
    shapes: &'a Shapes,
}

impl Together<'_> {
    fn is_better(&self) -> bool {
        let order = &self.nest.order;
        let waits = |block: &Block| self.ops(*block).any(|op| op == Op::ThreadgroupBarrier);
        // Threads that the runtime has to be told of.
        let ends = order.iter().any(|block| self.ops(*block).any(|op| op == Op::Unreachable));
        let for_others: usize =
            order.iter().filter(|b| !self.is_for_all(**b)).map(|b| self.ops(*b).count()).sum();
        !ends
            && for_others <= MOST_FOR_OTHERS
            // Where some threads wait for the others to come, these have to be run meanwhile.
            && order.iter().filter(|block| waits(block)).all(|block| self.shapes.mask(*block) == order[0])
            && self.nest.all().all(|l| self.is_entered_by_most(l))
    }

    /// Whether all SIMD-groups come to a block, or all that are still in a loop around it.
    fn is_for_all(&self, block: Block) -> bool {
        let mask = self.shapes.mask(block);
        mask == self.nest.order[0] || self.nest.around(block).any(|l| self.nest.data(l).header == mask)
    }

    /// Whether all SIMD-groups come to a loop, or as many of them as a number that comes with the launch says; not those before or
    /// after a constant, as these are few.
    fn is_entered_by_most(&self, l: Loop) -> bool {
        let header = self.nest.data(l).header;
        self.before(header).filter(|block| !self.nest.contains(l, *block)).all(|block| {
            if self.shapes.divergent.contains(&block) {
                return self.is_guard(block);
            }
            let mut guards = self.before(self.shapes.mask(block));
            self.is_for_all(block)
                || guards.next().is_some_and(|g| self.is_guard(g)) && guards.next().is_none()
        })
    }

    /// Whether all come to a block, and part by a comparison of numbers that are not constants.
    fn is_guard(&self, guard: Block) -> bool {
        let Some(selector) = self.function.blocks[guard].terminator.selector() else { return false };
        let Definition::Result(inst, _) = self.function.values[selector].definition else { return false };
        let data = &self.function.instructions[inst];
        self.is_for_all(guard)
            && matches!(data.op, Op::IntCompare(_))
            && data.operands.iter().all(|operand| self.function.constant_bits(*operand).is_none())
    }

    fn before(&self, block: Block) -> impl Iterator<Item = Block> {
        let leads = move |from: &Block| {
            self.function.blocks[*from].terminator.targets().iter().any(|target| target.block == block)
        };
        self.nest.order.iter().copied().filter(leads)
    }

    /// Instructions that each SIMD-group has of its own.
    fn repeated(&self) -> u32 {
        let is_repeated = |inst: &Inst| {
            let data = &self.function.instructions[*inst];
            has_effect(data.op) || data.results.iter().any(|result| self.shapes.of(*result).rows)
        };
        let blocks = self.nest.order.iter().map(|block| &self.function.blocks[*block]);
        blocks.flat_map(|block| &block.instructions).filter(|inst| is_repeated(inst)).count() as u32
    }

    fn ops(&self, block: Block) -> impl Iterator<Item = Op> {
        self.function.blocks[block].instructions.iter().map(|inst| self.function.instructions[*inst].op)
    }
}
