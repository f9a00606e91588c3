//! Blocks and what leads from one to the next: masks, flags, parameters.

use std::collections::HashSet;
use std::mem::offset_of;

use super::values::{Emitted, of_row};
use super::{Activity, Emitter};
use crate::kernel::{Block, Definition, Inst, Key, Op, Target, Terminator, Type, Value};
use crate::runtime::{GroupContext, Parked, RUN_PART};
use crate::simt::Threads;
use crate::simt::code::{Form, Label, Operand};
use crate::simt::loops::Loop;
use crate::simt::schedule::Next;
use crate::simt::shape::{Lanes, has_effect};

/// Larger blocks are not written twice.
const MOST_INSTRUCTIONS: usize = 24;

/// The lanes that take an edge, by row.
#[derive(Clone)]
enum Taken {
    /// All that run the block.
    All,
    Some(Vec<Operand>),
}

impl Emitter<'_> {
    /// Makes places for all that blocks share, and computes what all blocks need.
    pub(super) fn prologue(&mut self) -> Result<(), String> {
        let mask_ty = self.mask_type();
        for block in &self.nest.order {
            let label = self.code.label("block");
            self.labels.insert(*block, label);
        }
        for value in self.shared_values() {
            self.make_slot(value);
        }
        for block in self.nest.order.clone() {
            let places = match self.schedule.activity(block) {
                Activity::Direct => continue,
                Activity::Flag => vec![self.code.place("i1", 1)],
                Activity::Mask => (0..self.rows()).map(|_| self.code.place(&mask_ty, 4)).collect(),
            };
            self.activity.insert(block, places);
        }
        let entry = Label::named("entry");
        self.code.start(&entry);
        if self.plan.waits {
            self.begin_coroutine();
        }
        self.find_regions()?;
        self.read_launch();
        self.reset_activity(None);
        let first = self.labels[&self.nest.order[0]].clone();
        self.code.jump(&first);
        Ok(())
    }

    /// Values that are used in another block than where they are made, and all parameters.
    fn shared_values(&self) -> Vec<Value> {
        let mut home = vec![None; self.function.values.len()];
        for block in &self.nest.order {
            for inst in &self.function.blocks[*block].instructions {
                for result in &self.function.instructions[*inst].results {
                    home[result.index()] = Some(*block);
                }
            }
        }
        let mut shared = HashSet::new();
        let mut all = Vec::new();
        for &block in &self.nest.order {
            let data = &self.function.blocks[block];
            let targets = data.terminator.targets();
            let used = data
                .instructions
                .iter()
                .flat_map(|inst| &self.function.instructions[*inst].operands)
                .copied()
                .chain(data.terminator.selector())
                .chain(targets.iter().flat_map(|t| t.arguments.iter().copied()))
                // Where a pointer is used, so is what says which memory it leads to.
                .flat_map(|value| std::iter::once(value).chain(self.origins.which(value)));
            let foreign = used.filter(|v| {
                matches!(self.function.values[*v].definition, Definition::Result(..))
                    && home[v.index()] != Some(block)
            });
            for value in data.parameters.iter().copied().chain(foreign) {
                if shared.insert(value) {
                    all.push(value);
                }
            }
        }
        all
    }

    /// At the start of an iteration of a loop, or of everything: no lane waits at any block of the level.
    fn reset_activity(&mut self, level: Option<Loop>) {
        for block in self.nest.order.clone() {
            if self.nest.level(block) != level {
                continue;
            }
            for place in self.activity.get(&block).cloned().unwrap_or_default() {
                let form = match self.schedule.activity(block) {
                    Activity::Flag => Form::Scalar,
                    _ => self.lane_form(),
                };
                let (ty, zero) = (form.of(Type::I1), form.constant(Type::I1, 0));
                self.code.effect(format_args!("store {ty} {zero}, ptr {place}"));
            }
        }
    }

    /// The lanes of the mask that a block has; none if all.
    fn mask_of(&mut self, block: Block) -> Option<Vec<Operand>> {
        let mask_ty = self.mask_type();
        let owner = self.shapes.mask(block);
        if owner == self.nest.order[0] {
            return (!self.plan.full).then(|| vec![Operand::new("%mask")]);
        }
        let places = self.activity[&owner].clone();
        Some(places.iter().map(|p| self.code.value(format_args!("load {mask_ty}, ptr {p}"))).collect())
    }

    pub(super) fn block(&mut self, block: Block) -> Result<(), String> {
        let label = self.labels[&block].clone();
        self.code.start(&label);
        self.known.clear();
        self.vectors.clear();
        self.inst = None;
        match self.schedule.activity(block) {
            Activity::Direct => {}
            Activity::Flag => {
                let place = self.activity[&block][0].clone();
                let flag = self.code.value(format_args!("load i1, ptr {place}"));
                self.skip_unless(&flag, block);
            }
            Activity::Mask => {
                let mask = self.mask_of(block).unwrap_or_default();
                let any = self.any(&mask);
                self.skip_unless(&any, block);
            }
        }
        self.active = self.mask_of(block);
        if let Some(own) = self.nest.headed_by(block) {
            self.reset_activity(Some(own));
        }
        if let Some(masks) = self.active.clone().filter(|_| self.is_better_without_masks(block)) {
            let all = self.all(&masks);
            let (full, some) = (self.code.label("full"), self.code.label("some"));
            self.code.branch(&all, &full, &some);
            self.code.start(&full);
            self.active = None;
            self.aside(|this| this.body(block))?;
            self.code.start(&some);
            self.active = Some(masks);
        }
        self.body(block)
    }

    /// Writes a block: if it is worth it, first with checks that have it start again, then as it is when it has.
    fn body(&mut self, block: Block) -> Result<(), String> {
        if !self.may_start_again(block) {
            return self.content(block);
        }
        let again = self.code.label("again");
        (self.again, self.is_restarted) = (Some(again.clone()), false);
        self.aside(|this| this.content(block))?;
        self.again = None;
        if self.is_restarted {
            self.code.start(&again);
            self.is_again = true;
            self.content(block)?;
            self.is_again = false;
        }
        Ok(())
    }

    fn content(&mut self, block: Block) -> Result<(), String> {
        for inst in self.function.blocks[block].instructions.clone() {
            self.inst = Some(inst);
            // What others can see, or decide, is done once; stores check where they go first.
            let op = self.function.instructions[inst].op;
            let has_effect = has_effect(op);
            if has_effect && !matches!(op, Op::Store(_)) {
                self.again = None;
            }
            self.instruction(inst)?;
            if has_effect {
                self.again = None;
            }
        }
        self.inst = None;
        self.again = None;
        self.terminator(block)
    }

    /// Whether a block is written once more for when an access is outside of its memory: then the checks of its accesses are
    /// branches that are not taken, and what they load has not to be brought together from two ways.
    fn may_start_again(&self, block: Block) -> bool {
        let data = &self.function.blocks[block];
        let op = |inst: &Inst| self.function.instructions[*inst].op;
        let is_checked = |inst: &Inst| {
            matches!(op(inst), Op::Load(_) | Op::Store(_))
                && !self.inside.contains(inst)
                && !self.quiet.contains(inst)
        };
        let is_large = |inst: &Inst| {
            matches!(
                op(inst),
                Op::ThreadgroupBarrier
                    | Op::Modify(_)
                    | Op::CompareExchange
                    | Op::CopyMemory
                    | Op::SetMemory
                    | Op::Unreachable
                    | Op::Ballot
                    | Op::Shuffle
                    | Op::Collective(_)
            )
        };
        // Where masks are slow, blocks with a mask may be written more than once already.
        self.plan.checked
            && self.plan.full
            && (self.active.is_none() || self.code.masks().are_fast)
            && self.nest.innermost(block).is_none()
            && data.instructions.len() <= MOST_INSTRUCTIONS
            && data.instructions.iter().any(is_checked)
            && !data.instructions.iter().any(is_large)
    }

    /// Whether a block is written once more for when all lanes run it: it is small, and has accesses that would be under a
    /// mask, which are slow.
    fn is_better_without_masks(&self, block: Block) -> bool {
        let data = &self.function.blocks[block];
        let has_own_mask = self.schedule.activity(block) == Activity::Mask;
        let in_line = self.nest.headed_by(block).is_none()
            && self.nest.innermost(block).is_none_or(|l| self.nest.data(l).latch != block);
        let waits = |inst: &Inst| matches!(self.function.instructions[*inst].op, Op::ThreadgroupBarrier);
        !self.code.masks().are_fast
            && has_own_mask
            && in_line
            && data.instructions.len() <= MOST_INSTRUCTIONS
            && data.instructions.iter().any(|inst| self.is_contiguous(*inst))
            && !data.instructions.iter().any(waits)
    }

    fn skip_unless(&mut self, condition: &Operand, block: Block) {
        let body = self.code.label("body");
        let skip = self.label_of(self.schedule.skip(block));
        self.code.branch(condition, &body, &skip);
        self.code.start(&body);
        self.bodies.insert(block, body);
    }

    fn label_of(&self, next: Next) -> Label {
        match next {
            Next::Block(block) => self.labels[&block].clone(),
            Next::End => self.end.clone(),
        }
    }

    /// Whether a lane of any row is set.
    pub(super) fn any(&mut self, masks: &[Operand]) -> Operand {
        let mask_ty = self.mask_type();
        let mut all: Option<Operand> = None;
        for mask in masks {
            all = Some(match all {
                None => mask.clone(),
                Some(other) => self.code.value(format_args!("or {mask_ty} {other}, {mask}")),
            });
        }
        let Some(all) = all else { return Operand::new("true") };
        let bits = self.bits(&all);
        self.code.value(format_args!("icmp ne i32 {bits}, 0"))
    }

    /// Whether all lanes of all rows are set.
    fn all(&mut self, masks: &[Operand]) -> Operand {
        let mut all = masks[0].clone();
        let ty = self.mask_type();
        for mask in &masks[1..] {
            all = self.code.value(format_args!("and {ty} {all}, {mask}"));
        }
        let bits = self.bits(&all);
        self.code.value(format_args!("icmp eq i32 {bits}, {}", self.plan.all_lanes() as i32))
    }

    /// A mask as an `i32`.
    pub(super) fn bits(&mut self, mask: &Operand) -> Operand {
        self.code.bits(mask)
    }

    /// The mask of the lanes whose bits an `i32` has.
    pub(super) fn mask_of_bits(&mut self, bits: &Operand) -> Operand {
        self.code.mask_of_bits(bits)
    }

    /// The lanes of a row that run the block; `splat (i1 true)` if all do.
    pub(super) fn active_of(&self, row: usize) -> Operand {
        match &self.active {
            Some(masks) => of_row(masks, row).clone(),
            None => self.lane_form().constant(Type::I1, 1),
        }
    }

    fn terminator(&mut self, block: Block) -> Result<(), String> {
        let mask_ty = self.mask_type();
        let function = self.function;
        let terminator = &function.blocks[block].terminator;
        let latch_of = self.nest.innermost(block).filter(|l| self.nest.data(*l).latch == block);
        let again = latch_of.filter(|l| self.shapes.divergent_loops.contains(l));
        match terminator {
            Terminator::Return => {
                let next = self.label_of(self.schedule.next(block, 0));
                self.code.jump(&next);
            }
            Terminator::Jump(target) => {
                if again.is_some() {
                    self.part(block, &[(target, Taken::All)]);
                } else {
                    self.edge(block, target, &Taken::All);
                    self.go(block, 0);
                }
            }
            Terminator::Branch { condition, yes, no } => {
                if self.shapes.asserted.contains(&block) {
                    self.asserted(block, *condition, yes, no);
                } else if let Some(condition) = self.open.get(&block) {
                    let target = if *condition { yes } else { no };
                    self.part(block, &[(target, Taken::All)]);
                } else if self.shapes.divergent.contains(&block) {
                    let rows = self.rows();
                    let (mut taken, mut not) = (Vec::new(), Vec::new());
                    for row in 0..rows {
                        let condition = self.vector(*condition, row);
                        let active = self.active_of(row);
                        let both = self.both(&active, &condition);
                        // Not of the condition itself, which machines would compare again for.
                        not.push(self.code.value(format_args!("xor {mask_ty} {active}, {both}")));
                        taken.push(both);
                    }
                    self.part(block, &[(yes, Taken::Some(taken)), (no, Taken::Some(not))]);
                } else {
                    let condition = self.base(*condition, 0);
                    let (a, b) = (self.code.label("yes"), self.code.label("no"));
                    self.code.branch(&condition, &a, &b);
                    for (i, (label, target)) in [(a, yes), (b, no)].into_iter().enumerate() {
                        self.code.start(&label);
                        self.aside(|this| match again {
                            Some(_) => this.part(block, &[(target, Taken::All)]),
                            None => {
                                this.edge(block, target, &Taken::All);
                                this.go(block, i);
                            }
                        });
                    }
                }
            }
            Terminator::Switch { value, cases, default } => {
                if self.shapes.divergent.contains(&block) || again.is_some() {
                    self.divergent_switch(block, *value, cases, default);
                } else {
                    self.uniform_switch(block, *value, cases, default);
                }
            }
        }
        Ok(())
    }

    /// The lanes of two masks; what is not active in the first may be anything in the second.
    fn both(&mut self, active: &Operand, other: &Operand) -> Operand {
        let mask_ty = self.mask_type();
        self.code
            .value(format_args!("select {mask_ty} {active}, {mask_ty} {other}, {mask_ty} zeroinitializer"))
    }

    fn divergent_switch(&mut self, block: Block, value: Value, cases: &[(u128, Target)], default: &Target) {
        let mask_ty = self.mask_type();
        let ty = self.function.ty(value);
        let mut rest: Vec<Operand> = (0..self.rows()).map(|row| self.active_of(row)).collect();
        let mut edges = Vec::new();
        for (bits, target) in cases {
            let mut taken = Vec::new();
            for (row, rest) in rest.iter_mut().enumerate() {
                let value = self.vector(value, row);
                let constant = self.lane_form().constant(ty, *bits);
                let ty = self.lane_form().of(ty);
                let equal = self.code.value(format_args!("icmp eq {ty} {value}, {constant}"));
                taken.push(self.both(rest, &equal));
                let other = self.code.value(format_args!("xor {mask_ty} {equal}, splat (i1 true)"));
                *rest = self.both(rest, &other);
            }
            edges.push((target, Taken::Some(taken)));
        }
        // The default comes first among the targets.
        edges.insert(0, (default, Taken::Some(rest)));
        self.part(block, &edges);
    }

    fn uniform_switch(&mut self, block: Block, value: Value, cases: &[(u128, Target)], default: &Target) {
        let ty = Form::Scalar.of(self.function.ty(value));
        let value = self.base(value, 0);
        let other = self.code.label("default");
        let labels: Vec<Label> = cases.iter().map(|_| self.code.label("case")).collect();
        let list: Vec<String> = cases
            .iter()
            .zip(&labels)
            .map(|((bits, _), label)| format!("{ty} {bits}, {}", label.target()))
            .collect();
        self.code.end(format_args!("switch {ty} {value}, {} [{}]", other.target(), list.join(" ")));
        let targets = std::iter::once(default).chain(cases.iter().map(|(_, target)| target));
        for (i, (label, target)) in std::iter::once(other).chain(labels).zip(targets).enumerate() {
            self.code.start(&label);
            self.aside(|this| this.edge(block, target, &Taken::All));
            self.go(block, i);
        }
    }

    /// Goes where a target that all lanes take leads; round a loop, unless the launch is stopped.
    fn go(&mut self, block: Block, target: usize) {
        let next = self.schedule.next(block, target);
        let label = self.label_of(next);
        match next {
            Next::Block(to) if self.nest.position(to) <= self.nest.position(block) => {
                self.unless_stopped(&label);
            }
            _ => self.code.jump(&label),
        }
    }

    /// Goes on at a label, or to the end if the launch is stopped.
    fn unless_stopped(&mut self, label: &Label) {
        let stopped = self.code.value("load atomic i8, ptr %stop monotonic, align 1");
        let stopped = self.code.value(format_args!("icmp ne i8 {stopped}, 0"));
        let end = self.end.clone();
        self.code.branch(&stopped, &end, label);
    }

    /// Lanes part, or go round a loop that some of them have left.
    fn part(&mut self, block: Block, edges: &[(&Target, Taken)]) {
        let mask_ty = self.mask_type();
        let position = self.nest.position(block);
        let (back, forward): (Vec<_>, Vec<_>) =
            edges.iter().partition(|(target, _)| self.nest.position(target.block) <= position);
        // What comes round replaces parameters that the ways out may still pass on.
        for (target, taken) in forward {
            self.edge(block, target, taken);
        }
        let Some((target, taken)) = back.first() else {
            self.go(block, 0);
            return;
        };
        let header = target.block;
        let masks: Vec<Operand> = match taken {
            Taken::All => (0..self.rows()).map(|row| self.active_of(row)).collect(),
            Taken::Some(masks) => masks.clone(),
        };
        self.parameters(block, target, taken);
        let divergent = self.nest.headed_by(header).is_some_and(|l| self.shapes.divergent_loops.contains(&l));
        debug_assert!(divergent, "lanes part at the end of a loop that they all go round");
        for (place, mask) in self.activity[&header].clone().iter().zip(&masks) {
            self.code.effect(format_args!("store {mask_ty} {mask}, ptr {place}"));
        }
        if let Taken::Some(_) = taken {
            let any = self.any(&masks);
            let around = self.code.label("again");
            let leave = self.label_of(self.schedule.skip(block));
            self.code.branch(&any, &around, &leave);
            self.code.start(&around);
        }
        // Some lane goes round: the header need not ask.
        let label = self.bodies[&header].clone();
        self.unless_stopped(&label);
    }

    /// A branch that all lanes take alike, or the tile starts again as other code.
    fn asserted(&mut self, block: Block, condition: Value, yes: &Target, no: &Target) {
        let uniform = self.lanes_of(condition) == Lanes::Uniform;
        let rows = self.rows_of(condition);
        let (mut all, mut any): (Option<Operand>, Option<Operand>) = (None, None);
        let form = if uniform { Form::Scalar } else { self.lane_form() };
        let ty = form.of(Type::I1);
        for row in 0..rows {
            let one = if uniform { self.base(condition, row) } else { self.vector(condition, row) };
            let mut join = |op: &str, old: &Option<Operand>| match old {
                None => one.clone(),
                Some(old) => self.code.value(format_args!("{op} {ty} {old}, {one}")),
            };
            all = Some(join("and", &all));
            any = Some(join("or", &any));
        }
        let (mut all, mut any) = (all.unwrap_or(Operand::new("true")), any.unwrap_or(Operand::new("true")));
        if !uniform {
            all = self.all(&[all]);
            any = self.any(&[any]);
        }
        let (a, not_all, b) = (self.code.label("all"), self.code.label("not_all"), self.code.label("none"));
        let restart = self.restart_label();
        self.code.branch(&all, &a, &not_all);
        self.code.start(&not_all);
        self.code.branch(&any, &restart, &b);
        for (i, (label, target)) in [(a, yes), (b, no)].into_iter().enumerate() {
            self.code.start(&label);
            self.aside(|this| this.edge(block, target, &Taken::All));
            self.go(block, i);
        }
    }

    /// Whether the tile, or the block, may start again at the instruction being written because of an access outside of its memory:
    /// nothing can have been seen of it.
    pub(super) fn may_restart_here(&self) -> bool {
        self.may_restart_tile() || self.again.is_some()
    }

    /// Whether the tile may: all threads run the instruction, so that one of them does access what it may not.
    fn may_restart_tile(&self) -> bool {
        self.active.is_none() && self.inst.is_some_and(|inst| self.quiet.contains(&inst))
    }

    /// Where that is.
    pub(super) fn restart_here(&mut self) -> Label {
        match &self.again {
            Some(again) if !self.may_restart_tile() => {
                self.is_restarted = true;
                again.clone()
            }
            _ => self.restart_label(),
        }
    }

    /// Goes on if a condition holds, as it usually does; else at a label.
    pub(super) fn or_at(&mut self, condition: &Operand, other: &Label) {
        let on = self.code.label("on");
        self.code.end(format_args!("br i1 {condition}, {}, {}, !prof !0", on.target(), other.target()));
        self.code.start(&on);
    }

    /// Instructions before which nothing can be seen of a tile, if it may start again; of those that have effects themselves only
    /// stores, which check where they go first.
    pub(super) fn find_quiet(&self) -> HashSet<Inst> {
        let mut quiet = HashSet::new();
        if !self.plan.may_restart {
            return quiet;
        }
        let order = &self.nest.order;
        let mut position = 0;
        while let Some(&block) = order.get(position) {
            // What is last in a loop comes before what is first in it, the next time.
            let span = match self.nest.headed_by(block) {
                Some(own) => self.nest.data(own).span.clone(),
                None => position..position + 1,
            };
            let insts: Vec<Inst> = order[span.clone()]
                .iter()
                .flat_map(|block| &self.function.blocks[*block].instructions)
                .copied()
                .collect();
            let op = |inst: &Inst| self.function.instructions[*inst].op;
            match insts.iter().position(|inst| has_effect(op(inst))) {
                None => quiet.extend(insts),
                Some(first) if span.len() == 1 && self.nest.innermost(block).is_none() => {
                    let stores = matches!(op(&insts[first]), Op::Store(_));
                    quiet.extend(&insts[..first + usize::from(stores)]);
                    break;
                }
                Some(_) => break,
            }
            position = span.end;
        }
        quiet
    }

    /// Where a tile starts again as other code.
    pub(super) fn restart_label(&mut self) -> Label {
        self.restart.get_or_insert(Label::named("restart")).clone()
    }

    /// What an edge does to the block it leads to: its mask or flag, and its parameters.
    fn edge(&mut self, from: Block, target: &Target, taken: &Taken) {
        let mask_ty = self.mask_type();
        self.parameters(from, target, taken);
        let to = target.block;
        let places = self.activity.get(&to).cloned().unwrap_or_default();
        // Round a loop that all lanes go round, its mask and flag stay.
        if self.nest.position(to) <= self.nest.position(from) {
            return;
        }
        match self.schedule.activity(to) {
            Activity::Direct => {}
            Activity::Flag => {
                let flag = match taken {
                    Taken::All => Operand::new("true"),
                    // Who has come this far comes there, now or later.
                    Taken::Some(_) if self.leads_to(from, to) => Operand::new("true"),
                    Taken::Some(masks) => {
                        let any = self.any(masks);
                        let old = self.code.value(format_args!("load i1, ptr {}", places[0]));
                        self.code.value(format_args!("or i1 {old}, {any}"))
                    }
                };
                self.code.effect(format_args!("store i1 {flag}, ptr {}", places[0]));
            }
            Activity::Mask => {
                for (row, place) in places.iter().enumerate() {
                    let mask = match taken {
                        Taken::All => self.active_of(row),
                        Taken::Some(masks) => masks[row].clone(),
                    };
                    let old = self.code.value(format_args!("load {mask_ty}, ptr {place}"));
                    let new = self.code.value(format_args!("or {mask_ty} {old}, {mask}"));
                    self.code.effect(format_args!("store {mask_ty} {new}, ptr {place}"));
                }
            }
        }
    }

    /// Whether all ways from a block, or from the loop around it, lead to another in the same iteration.
    fn leads_to(&self, from: Block, to: Block) -> bool {
        let node = self.nest.node(from, self.nest.level(to));
        node.is_some_and(|node| self.nest.postdominates(to, node))
    }

    fn parameters(&mut self, from: Block, target: &Target, taken: &Taken) {
        let parameters = self.function.blocks[target.block].parameters.clone();
        // All are read before any is written: they may be each other.
        let new: Vec<Emitted> =
            parameters.iter().zip(&target.arguments).map(|(p, a)| self.shaped_as(*a, *p)).collect();
        for (position, (parameter, emitted)) in parameters.iter().zip(new).enumerate() {
            let slot = self.slots[parameter].clone();
            let blends = self.shapes.merges(from, target.block, position);
            let masks: Option<Vec<Operand>> = blends.then(|| match taken {
                Taken::All => (0..self.rows()).map(|row| self.active_of(row)).collect(),
                Taken::Some(masks) => masks.clone(),
            });
            self.write(*parameter, &slot, &emitted, masks.as_deref());
        }
    }

    /// Reads values of the launch that the kernel uses.
    fn read_launch(&mut self) {
        let mut offsets: Vec<u64> = self.launch_offsets();
        offsets.sort_unstable();
        offsets.dedup();
        for offset in offsets {
            let value = self.read_context("i32", offset);
            self.launch.insert(offset, value);
        }
        let flag = offset_of!(GroupContext, stop) as u64;
        let place = self.code.value(format_args!("getelementptr i8, ptr %context, i64 {flag}"));
        self.code.effect(format_args!("%stop = load ptr, ptr {place}, !invariant.load !2"));
        if !self.plan.full {
            let counted = self.code.splat("i32", &Operand::new("%count"));
            let words = self.lane_form().wrap("i32");
            let lanes: Vec<String> = (0..self.lanes()).map(|lane| format!("i32 {lane}")).collect();
            self.code.effect(format_args!("%mask = icmp ult {words} <{}>, {counted}", lanes.join(", ")));
        }
    }

    /// Reads from the context, where it does not change.
    pub(super) fn read_context(&mut self, ty: &str, offset: u64) -> Operand {
        let place = self.code.value(format_args!("getelementptr i8, ptr %context, i64 {offset}"));
        self.code.value(format_args!("load {ty}, ptr {place}, !invariant.load !2"))
    }

    fn begin_coroutine(&mut self) {
        let group = offset_of!(GroupContext, parked);
        let (size, handle) = (size_of::<Parked>(), offset_of!(Parked, handle));
        let lines = [
            format!("%table.place = getelementptr i8, ptr %context, i64 {group}"),
            "%table = load ptr, ptr %table.place".into(),
            format!("%simdgroup = udiv i32 %first, {}", crate::SIMD_WIDTH),
            "%simdgroup.wide = zext i32 %simdgroup to i64".into(),
            format!("%parked.offset = mul i64 %simdgroup.wide, {size}"),
            "%parked = getelementptr i8, ptr %table, i64 %parked.offset".into(),
            format!("%parked.handle = getelementptr i8, ptr %parked, i64 {handle}"),
            "%id = call token @llvm.coro.id(i32 0, ptr null, ptr null, ptr null)".into(),
            "%frame.size = call i64 @llvm.coro.size.i64()".into(),
            "%frame = call ptr @msl.rt.frame(ptr %context, i32 %simdgroup, i64 %frame.size)".into(),
            "%handle = call ptr @llvm.coro.begin(token %id, ptr %frame)".into(),
            "store ptr %handle, ptr %parked.handle".into(),
        ];
        for line in lines {
            self.code.effect(line);
        }
        for declaration in [
            "declare token @llvm.coro.id(i32, ptr, ptr, ptr)",
            "declare i64 @llvm.coro.size.i64()",
            "declare ptr @msl.rt.frame(ptr, i32, i64)",
            "declare ptr @llvm.coro.begin(token, ptr)",
            "declare i8 @llvm.coro.suspend(token, i1)",
            "declare ptr @llvm.coro.free(token, ptr)",
            "declare i1 @llvm.coro.end(ptr, i1, token)",
        ] {
            self.code.declarations.insert(declaration.into());
        }
    }

    /// Waits for all threads of the threadgroup.
    pub(super) fn wait(&mut self) {
        if !self.plan.waits {
            return;
        }
        let resume = self.code.label("resume");
        let how = self.code.value("call i8 @llvm.coro.suspend(token none, i1 false)");
        self.code.end(format_args!(
            "switch i8 {how}, label %leave [i8 0, {} i8 1, label %cleanup]",
            resume.target()
        ));
        self.code.start(&resume);
    }

    /// What comes after all blocks.
    pub(super) fn epilogue(&mut self) {
        let lanes = self.lanes();
        let end = self.end.clone();
        self.code.start(&end);
        if self.plan.waits {
            let how = self.code.value("call i8 @llvm.coro.suspend(token none, i1 true)");
            self.code.end(format_args!("switch i8 {how}, label %leave [i8 1, label %cleanup]"));
            self.code.start(&Label::named("cleanup"));
            self.code.effect("%memory = call ptr @llvm.coro.free(token %id, ptr %handle)");
            self.code.jump(&Label::named("leave"));
            self.code.start(&Label::named("leave"));
            self.code.effect("%ended = call i1 @llvm.coro.end(ptr %handle, i1 false, token none)");
        }
        self.code.end("ret void");
        if let Some(restart) = self.restart.clone() {
            self.code.start(&restart);
            for row in 0..self.plan.rows {
                let (x, y) = self.row_position(row);
                let first = match self.plan.threads {
                    Threads::Grid => Operand::new("0"),
                    _ => Operand::new("%first"),
                };
                self.code.effect(format_args!(
                    "call void @{RUN_PART}(ptr %context, i32 {first}, i32 {x}, i32 {y}, i32 %z, i32 {lanes})"
                ));
            }
            self.code.end("ret void");
        }
    }

    /// Index in the threadgroup of lane 0 of a row of the tile.
    pub(super) fn first_of(&mut self, row: usize) -> Operand {
        match row as u32 * self.lanes() {
            0 => Operand::new("%first"),
            before => self.code.value(format_args!("add i32 %first, {before}")),
        }
    }

    /// Position of lane 0 of a row of the tile.
    pub(super) fn row_position(&mut self, row: u32) -> (Operand, Operand) {
        let (x, y) = (Operand::new("%x"), Operand::new("%y"));
        if row == 0 {
            return (x, y);
        }
        match self.plan.across {
            crate::kernel::Axis::X => {
                (self.code.value(format_args!("add i32 %x, {}", row * self.lanes())), y)
            }
            _ => (x, self.code.value(format_args!("add i32 %y, {row}"))),
        }
    }
}
