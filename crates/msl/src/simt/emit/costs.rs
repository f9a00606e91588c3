//! What the plan of whole tiles makes slow, for the report.

use std::collections::{HashMap, HashSet};

use super::Emitter;
use super::hoist::Hoisted;
use crate::kernel::{Block, Inst, Location, Op};

impl Emitter<'_> {
    /// Notes where lanes part, and which accesses are checked over and over.
    pub(super) fn remark_costs(&mut self, hoisted: &HashMap<Block, Hoisted>) {
        if !self.plan.full {
            return;
        }
        let before: HashSet<Inst> = hoisted.values().flat_map(Hoisted::accesses).collect();
        for &block in &self.nest.order {
            let data = &self.function.blocks[block];
            let leaves = self
                .nest
                .innermost(block)
                .filter(|l| self.nest.data(*l).latch == block && self.shapes.divergent_loops.contains(l));
            if leaves.is_some() {
                let message = "threads leave this loop one by one: it goes on until the last is done";
                self.remark_at(message, data.location);
            } else if self.shapes.divergent.contains(&block) {
                let message = "threads part here: what some of them skip takes time for all";
                self.remark_at(message, data.location);
            }
            if !self.plan.checked || self.nest.innermost(block).is_none() {
                continue;
            }
            for inst in &data.instructions {
                let data = &self.function.instructions[*inst];
                if matches!(data.op, Op::Load(_) | Op::Store(_))
                    && !before.contains(inst)
                    && !self.inside.contains(inst)
                    && !self.is_private(data.operands[0])
                {
                    self.remark_at("checked in each iteration of its loop, not before it", data.location);
                }
            }
        }
    }

    fn remark_at(&mut self, message: &str, location: Option<Location>) {
        let location = self.tables.place(self.function, location);
        self.tables.remark(message.into(), location);
    }
}
