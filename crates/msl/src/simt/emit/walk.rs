//! Memory that is gone through from front to back: what will be needed of it is asked for before it is, since processors'
//! own looking ahead stops at the ends of pages, and rows are about as long as those.

use std::collections::HashMap;

use super::Emitter;
use super::region::Region;
use crate::kernel::op::{Binary, Cast};
use crate::kernel::{Block, Definition, Inst, Op, Value};
use crate::simt::Threads;
use crate::simt::code::Operand;
use crate::simt::loops::Loop;
use crate::simt::shape::signed;

/// Bytes of a line of the caches.
pub(super) const LINE: u32 = 64;
/// Smaller memories may be in the caches of the processor that reads them.
const LARGE: u64 = 4 << 20;
/// How many bytes ahead is asked for: about as many as are read while memory answers.
const AHEAD: u64 = 2048;
/// How deep computations of pointers are followed.
const DEPTH: u32 = 24;

impl Emitter<'_> {
    /// Whether the access being written and its fellows go through their memory without gaps, each line once: tiles of a
    /// grid, one after the other, or the iterations of an outermost loop with all such accesses in its block.
    pub(super) fn walks(&self, pointer: Value, bytes: u32) -> bool {
        let Some(inst) = self.inst.filter(|_| self.plan.full && bytes.is_multiple_of(LINE)) else {
            return false;
        };
        if self.nest.loops.is_empty() {
            return self.plan.threads == Threads::Grid;
        }
        let Some(block) = self.block_of(inst) else { return false };
        let Some(own) = self.nest.innermost(block).filter(|own| self.nest.data(*own).parent.is_none()) else {
            return false;
        };
        let function = self.function;
        let (op, origin) = (function.instructions[inst].op, self.origins.of(pointer));
        let all = function.blocks[block].instructions.iter().map(|inst| &function.instructions[*inst]);
        let fellows = all.filter(|data| data.op == op && self.origins.of(data.operands[0]) == origin);
        let all = i64::from(bytes) * fellows.count() as i64;
        self.advance(pointer, own, DEPTH, &mut HashMap::new()) == Some(all)
    }

    /// Asks for what later iterations or tiles will load if they go through their memory, and it is large. Once: before
    /// the first access of it.
    pub(super) fn ask_ahead(&mut self, pointer: Value, bytes: u32, place: &Operand, region: &Region) {
        if !self.is_first(pointer) || !self.walks(pointer, bytes) {
            return;
        }
        self.code.declarations.insert("declare void @llvm.prefetch.p0(ptr, i32, i32, i32)".into());
        // It is no access: beyond the end of the memory nothing happens.
        let is_large = self.code.value(format_args!("icmp uge i64 {}, {LARGE}", region.length));
        let ahead = self.code.value(format_args!("select i1 {is_large}, i64 {AHEAD}, i64 0"));
        for line in (0..bytes).step_by(LINE as usize) {
            let there = self.place_at(place, &ahead, u64::from(line));
            self.code.effect(format_args!("call void @llvm.prefetch.p0(ptr {there}, i32 0, i32 3, i32 1)"));
        }
    }

    /// Whether nothing before the access being written accesses the same memory, but for its fellows in a loop.
    fn is_first(&self, pointer: Value) -> bool {
        let Some(inst) = self.inst else { return false };
        let function = self.function;
        let origin = self.origins.of(pointer);
        let has_fellows = !self.nest.loops.is_empty();
        for block in &self.nest.order {
            let insts = &function.blocks[*block].instructions;
            let own = insts.iter().position(|other| *other == inst);
            let before = own.map_or(insts.len(), |place| if has_fellows { 0 } else { place });
            let accesses = insts[..before].iter().any(|other| {
                let data = &function.instructions[*other];
                matches!(data.op, Op::Load(_) | Op::Store(_)) && self.origins.of(data.operands[0]) == origin
            });
            if own.is_some() || accesses {
                return !accesses;
            }
        }
        false
    }

    fn block_of(&self, inst: Inst) -> Option<Block> {
        let blocks = &self.function.blocks;
        self.nest.order.iter().copied().find(|block| blocks[*block].instructions.contains(&inst))
    }

    /// What is added to a value in each iteration of a loop, if that is known. Widening is taken to change nothing: this
    /// says what is worth doing, never what is right.
    fn advance(
        &self,
        value: Value,
        own: Loop,
        depth: u32,
        known: &mut HashMap<Value, Option<i64>>,
    ) -> Option<i64> {
        let depth = depth.checked_sub(1)?;
        if let Some(advance) = known.get(&value) {
            return *advance;
        }
        let advance = match self.function.values[value].definition {
            Definition::Constant(_) => Some(0),
            Definition::Parameter(block, _) if !self.nest.contains(own, block) => Some(0),
            Definition::Parameter(block, position) => self.counted(value, own, block, position as usize),
            Definition::Result(inst, _)
                if self.block_of(inst).is_none_or(|block| !self.nest.contains(own, block)) =>
            {
                Some(0)
            }
            Definition::Result(inst, _) => self.advance_of_result(inst, own, depth, known),
        };
        known.insert(value, advance);
        advance
    }

    /// What is added to a parameter of a loop's header in each iteration.
    fn counted(&self, value: Value, own: Loop, block: Block, position: usize) -> Option<i64> {
        let (function, data) = (self.function, self.nest.data(own));
        let targets = function.blocks[data.latch].terminator.targets();
        let back = targets.iter().find(|target| target.block == data.header && block == data.header)?;
        let Definition::Result(next, _) = function.values[back.arguments[position]].definition else {
            return None;
        };
        let next = &function.instructions[next];
        let is_sum = matches!(next.op, Op::Binary(Binary::Add) | Op::PtrAdd);
        match next.operands[..] {
            [a, b] if is_sum && a == value => self.number(b),
            [a, b] if is_sum && b == value => self.number(a),
            _ => None,
        }
    }

    fn advance_of_result(
        &self,
        inst: Inst,
        own: Loop,
        depth: u32,
        known: &mut HashMap<Value, Option<i64>>,
    ) -> Option<i64> {
        let data = &self.function.instructions[inst];
        let mut of = |place: usize| self.advance(data.operands[place], own, depth, known);
        match data.op {
            Op::Binary(Binary::Add) | Op::PtrAdd => of(0)?.checked_add(of(1)?),
            Op::Binary(Binary::Sub) => of(0)?.checked_sub(of(1)?),
            Op::Binary(Binary::Mul) => of(0)?.checked_mul(self.number(data.operands[1])?),
            Op::Binary(Binary::Shl) => {
                let by = u32::try_from(self.number(data.operands[1])?).ok()?;
                of(0)?.checked_mul(1i64.checked_shl(by)?)
            }
            // LLVM writes sums so where no bit is carried.
            Op::Binary(Binary::Or) => of(0).filter(|_| self.number(data.operands[1]).is_some()),
            Op::Cast(Cast::ZExt | Cast::SExt | Cast::Space) => of(0),
            _ => None,
        }
    }

    fn number(&self, value: Value) -> Option<i64> {
        Some(signed(self.function.constant_bits(value)?, self.function.ty(value)))
    }
}
