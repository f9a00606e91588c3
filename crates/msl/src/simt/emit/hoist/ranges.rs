//! How the ranges of a loop's values, and its guards, are found.

use std::collections::HashMap;
use std::rc::Rc;

use super::{Below, Counter, DEPTH, Guard, Limit, MOST_GUARDED_BLOCKS, Range, Sign, Step};
use crate::kernel::op::{Binary, Cast, IntCompare};
use crate::kernel::{Block, Definition, Inst, Op, Target, Terminator, Value};
use crate::simt::emit::Emitter;
use crate::simt::loops::Loop;
use crate::simt::shape::{Lanes, signed};

/// Finds how ranges are computed before one loop.
pub(super) struct Ranges<'a, 'e> {
    emitter: &'e Emitter<'a>,
    l: Loop,
    memo: HashMap<(Value, Sign), Option<Rc<Range>>>,
    /// What guards say of values where these ranges are for.
    limits: Vec<Rc<Limit>>,
    /// Whether it mattered.
    is_limited: bool,
}

impl<'a, 'e> Ranges<'a, 'e> {
    pub(super) fn new(emitter: &'e Emitter<'a>, l: Loop) -> Self {
        Self { emitter, l, memo: HashMap::new(), limits: Vec::new(), is_limited: false }
    }

    /// The range of a pointer in the lanes that run a block, if guards in the loop or before it say anything of it.
    pub(super) fn guarded(&mut self, block: Block, pointer: Value) -> Option<Rc<Range>> {
        // An address that is the same for all lanes is also read for rows of which none is active.
        if self.emitter.lanes_of(pointer) == Lanes::Uniform {
            return None;
        }
        let mut limits = self.limits_at(block);
        limits.extend(self.limits_of_counters());
        if limits.is_empty() {
            return None;
        }
        let mut ranges = Self { limits, ..Self::new(self.emitter, self.l) };
        let found = ranges.of(pointer, Sign::Signed, DEPTH)?;
        ranges.is_limited.then_some(found)
    }

    /// What the branches in the loop say that lead to a block and nowhere else.
    fn limits_at(&mut self, block: Block) -> Vec<Rc<Limit>> {
        let l = self.l;
        let tests = self.tests_before(block, |from| self.emitter.nest.contains(l, from));
        tests.into_iter().filter_map(|(test, holds)| self.limit_of(test, holds).map(Rc::new)).collect()
    }

    /// Comparisons that decided, and how, that control came to a block: of branches, in blocks that count, whose one way is the
    /// only one to it.
    fn tests_before(&self, mut block: Block, counts: impl Fn(Block) -> bool) -> Vec<(Inst, bool)> {
        let emitter = self.emitter;
        let function = emitter.function;
        let mut found = Vec::new();
        loop {
            let mut edges = emitter.nest.order.iter().flat_map(|from| {
                let targets = function.blocks[*from].terminator.targets();
                targets.into_iter().filter(|target| target.block == block).map(move |_| *from)
            });
            let (Some(from), None) = (edges.next(), edges.next()) else { return found };
            if !counts(from) {
                return found;
            }
            if let Terminator::Branch { condition, yes, .. } = &function.blocks[from].terminator {
                let holds = yes.block == block;
                found.extend(self.tests(*condition, holds).into_iter().map(|test| (test, holds)));
            }
            block = from;
        }
    }

    /// What the test that ends the loop says of a parameter of its header in each iteration, where the same was tested of what it
    /// begins with before the loop.
    fn limits_of_counters(&mut self) -> Vec<Rc<Limit>> {
        let function = self.emitter.function;
        let (Some((condition, continues, back)), Some((from, entry))) =
            (self.end_of(self.l), self.entry_of(self.l))
        else {
            return Vec::new();
        };
        let tests = self.tests_before(from, |_| true).into_iter();
        let before: Vec<_> = tests.filter_map(|(test, holds)| self.ordered(test, holds)).collect();
        let header = self.emitter.nest.data(self.l).header;
        let mut limits = Vec::new();
        for test in self.tests(condition, continues) {
            let Some((or_equal, sign, next, most)) = self.ordered(test, continues) else { continue };
            let Some(position) = back.arguments.iter().position(|argument| *argument == next) else {
                continue;
            };
            let is_tested = before.iter().any(|(or_equal_before, sign_before, start, most_before)| {
                (*start, *most_before, *sign_before) == (entry.arguments[position], most, sign)
                    && (or_equal || !or_equal_before)
            });
            if is_tested && !self.is_inside(most) {
                let value = function.blocks[header].parameters[position];
                limits.extend(self.limit(value, most, or_equal, sign).map(Rc::new));
            }
        }
        limits
    }

    /// What a comparison says of its operand that is less.
    fn limit_of(&mut self, test: Inst, holds: bool) -> Option<Limit> {
        let (or_equal, sign, value, most) = self.ordered(test, holds)?;
        // Numbers that are the same for all lanes are what they are.
        if self.emitter.lanes_of(value) == Lanes::Uniform {
            return None;
        }
        self.limit(value, most, or_equal, sign)
    }

    fn limit(&mut self, value: Value, most: Value, or_equal: bool, sign: Sign) -> Option<Limit> {
        let (most, ty) = (self.of(most, sign, DEPTH)?, self.emitter.function.ty(value));
        Some(Limit { value, most, or_equal, ty, sign })
    }

    /// An instruction, if it compares, as [`in_order`].
    fn ordered(&self, test: Inst, holds: bool) -> Option<(bool, Sign, Value, Value)> {
        let data = &self.emitter.function.instructions[test];
        let Op::IntCompare(order) = data.op else { return None };
        in_order(order, data.operands[0], data.operands[1], holds)
    }

    /// The branch that ends a loop: its condition, whether the loop goes on where that holds, and its way back.
    fn end_of(&self, l: Loop) -> Option<(Value, bool, &'a Target)> {
        let data = self.emitter.nest.data(l);
        match &self.emitter.function.blocks[data.latch].terminator {
            Terminator::Branch { condition, yes, .. } if yes.block == data.header => {
                Some((*condition, true, yes))
            }
            Terminator::Branch { condition, no, .. } => Some((*condition, false, no)),
            _ => None,
        }
    }

    /// The way into a loop and the block it comes from, if there is one way.
    fn entry_of(&self, l: Loop) -> Option<(Block, &'a Target)> {
        let emitter = self.emitter;
        let data = emitter.nest.data(l);
        let mut entries = emitter.nest.order.iter().filter(|from| **from != data.latch).flat_map(|from| {
            let targets = emitter.function.blocks[*from].terminator.targets();
            let ways = targets.into_iter().filter(|target| target.block == data.header);
            ways.map(move |target| (*from, target))
        });
        entries.next().filter(|_| entries.next().is_none())
    }

    /// Branches in the loop at which lanes part, and what must hold that they do not: that numbers that differ from lane to
    /// lane are below others, as indices are below their limits.
    pub(super) fn guards(&mut self) -> Vec<Guard> {
        let emitter = self.emitter;
        let span = emitter.nest.data(self.l).span.clone();
        if span.len() > MOST_GUARDED_BLOCKS {
            return Vec::new();
        }
        let guard = |position: usize| {
            let block = emitter.nest.order[position];
            let Terminator::Branch { condition, yes, no } = &emitter.function.blocks[block].terminator else {
                return None;
            };
            let ahead = |target: &Target| emitter.nest.position(target.block) > position;
            if !emitter.shapes.divergent.contains(&block) || !ahead(yes) || !ahead(no) {
                return None;
            }
            let wanted = self.usual(*condition)?;
            let tests = self.below(*condition, wanted, DEPTH)?;
            // What shrinks to nothing is above nothing.
            if tests.iter().any(|test| matches!(*test.right, Range::Shrinking(..))) {
                return None;
            }
            Some(Guard { block, condition: wanted, tests })
        };
        span.filter_map(guard).collect()
    }

    /// What a condition usually is: indices are usually below their limits.
    fn usual(&self, condition: Value) -> Option<bool> {
        let function = self.emitter.function;
        let Definition::Result(inst, _) = function.values[condition].definition else { return None };
        let data = &function.instructions[inst];
        let varies = |i: usize| self.emitter.lanes_of(data.operands[i]) != Lanes::Uniform;
        match data.op {
            Op::IntCompare(IntCompare::Eq | IntCompare::Ne) => None,
            Op::IntCompare(order) => {
                let order = if !varies(0) && varies(1) { swapped(order) } else { order };
                use IntCompare::{Sle, Slt, Ule, Ult};
                Some(matches!(order, Ult | Ule | Slt | Sle))
            }
            Op::Binary(Binary::And) => Some(true),
            Op::Binary(Binary::Or) => Some(false),
            Op::Select if function.constant_bits(data.operands[2]) == Some(0) => Some(true),
            Op::Select if function.constant_bits(data.operands[1]) == Some(1) => Some(false),
            _ => None,
        }
    }

    /// What must hold for a condition to be as wanted in all lanes and iterations.
    fn below(&mut self, condition: Value, wanted: bool, depth: u32) -> Option<Vec<Below>> {
        let function = self.emitter.function;
        let Definition::Result(inst, _) = function.values[condition].definition else { return None };
        let data = &function.instructions[inst];
        if let Op::IntCompare(order) = data.op {
            return self.compared(order, data.operands[0], data.operands[1], wanted).map(|test| vec![test]);
        }
        if depth == 0 || self.usual(condition)? != wanted {
            return None;
        }
        let both = match data.op {
            Op::Select if wanted => [data.operands[0], data.operands[1]],
            Op::Select => [data.operands[0], data.operands[2]],
            _ => [data.operands[0], data.operands[1]],
        };
        let mut tests = self.below(both[0], wanted, depth - 1)?;
        tests.extend(self.below(both[1], wanted, depth - 1)?);
        Some(tests)
    }

    fn compared(&mut self, order: IntCompare, left: Value, right: Value, wanted: bool) -> Option<Below> {
        let (or_equal, sign, left, right) = in_order(order, left, right, wanted)?;
        let ty = self.emitter.function.ty(left);
        let (left, right) = (self.of(left, sign, DEPTH)?, self.of(right, sign, DEPTH)?);
        Some(Below { left, right, or_equal, ty, sign })
    }

    pub(super) fn of(&mut self, value: Value, sign: Sign, depth: u32) -> Option<Rc<Range>> {
        if let Some(found) = self.memo.get(&(value, sign)) {
            return found.clone();
        }
        let mut found = self.find(value, sign, depth).map(Rc::new);
        for limit in self.limits.iter().filter(|limit| limit.value == value && limit.sign == sign) {
            found = found.map(|range| Rc::new(Range::Guarded(range, limit.clone())));
            self.is_limited |= found.is_some();
        }
        self.memo.insert((value, sign), found.clone());
        found
    }

    fn find(&mut self, value: Value, sign: Sign, depth: u32) -> Option<Range> {
        let function = self.emitter.function;
        let ty = function.ty(value);
        if !(ty.is_int() || ty.is_pointer()) || ty.bits() > 64 || depth == 0 {
            return None;
        }
        if let Some(bits) = function.constant_bits(value) {
            return Some(Range::Constant(signed(bits, ty)));
        }
        if !self.is_inside(value) {
            if self.emitter.lanes_of(value) == Lanes::Varying || ty.bits() < 8 {
                return self.bounded(value);
            }
            // What is used only where it is made has no place; it is computed again.
            if self.emitter.slots.contains_key(&value) {
                return Some(Range::Known { value, sign, bounds: value });
            }
        }
        let inst = match function.values[value].definition {
            Definition::Result(inst, _) => inst,
            Definition::Parameter(block, position) => {
                return self.parameter(block, position as usize, sign, depth);
            }
            Definition::Constant(_) => return None,
        };
        let data = &function.instructions[inst];
        let operands = data.operands.clone();
        let of = |this: &mut Self, i: usize| this.of(operands[i], sign, depth - 1);
        match data.op {
            Op::Binary(Binary::Add) | Op::PtrAdd => Some(Range::Sum(of(self, 0)?, of(self, 1)?)),
            Op::Binary(Binary::Sub) => Some(Range::Difference(of(self, 0)?, of(self, 1)?)),
            Op::Binary(Binary::Mul) => Some(Range::Product(of(self, 0)?, of(self, 1)?)),
            Op::Binary(Binary::Shl) => {
                let amount =
                    function.constant_bits(operands[1]).filter(|a| *a < u128::from(ty.bits().min(63)))?;
                Some(Range::Product(of(self, 0)?, Rc::new(Range::Constant(1 << amount))))
            }
            // Bits that are not set in the other operand are added.
            Op::Binary(Binary::Or) => {
                let zeros = crate::simt::shape::trailing_zeros(function, operands[0], 8);
                let bits = function.constant_bits(operands[1])?;
                (bits < 1u128 << zeros.min(63)).then_some(())?;
                Some(Range::Sum(of(self, 0)?, of(self, 1)?))
            }
            Op::Select => Some(Range::Either(of(self, 1)?, of(self, 2)?)),
            Op::Cast(Cast::Trunc | Cast::Space) => of(self, 0).map(Rc::unwrap_or_clone),
            Op::Cast(cast @ (Cast::ZExt | Cast::SExt)) => {
                let narrow = function.ty(operands[0]);
                let sign = if cast == Cast::ZExt { Sign::Unsigned } else { Sign::Signed };
                match self.of(operands[0], sign, depth - 1) {
                    Some(inner) => Some(Range::Fitting(inner, narrow, sign)),
                    None => self.bounded(value),
                }
            }
            _ => self.bounded(value),
        }
    }

    /// Values whose range their operation alone bounds.
    fn bounded(&self, value: Value) -> Option<Range> {
        let function = self.emitter.function;
        let Definition::Result(inst, _) = function.values[value].definition else { return None };
        let data = &function.instructions[inst];
        let constant = |i: usize| {
            let bits = function.constant_bits(data.operands[i])?;
            i64::try_from(bits).ok().filter(|bits| *bits >= 0)
        };
        let width = function.ty(value).bits();
        match data.op {
            Op::Binary(Binary::And) => Some(Range::Within(0, constant(1)?)),
            Op::Binary(Binary::URem) => Some(Range::Within(0, constant(1)?.checked_sub(1)?)),
            Op::Binary(Binary::LShr) => {
                let amount = constant(1).filter(|a| (1..i64::from(width)).contains(a))?;
                Some(Range::Within(0, (u64::MAX >> (64 - width) >> amount) as i64))
            }
            Op::Cast(Cast::ZExt) => {
                let narrow = function.ty(data.operands[0]).bits();
                (narrow <= 16).then(|| Range::Within(0, (1 << narrow) - 1))
            }
            _ => None,
        }
    }

    fn is_inside(&self, value: Value) -> bool {
        let emitter = self.emitter;
        match emitter.function.values[value].definition {
            Definition::Constant(_) => false,
            Definition::Parameter(block, _) => emitter.nest.contains(self.l, block),
            Definition::Result(inst, _) => emitter.nest.order[emitter.nest.data(self.l).span.clone()]
                .iter()
                .any(|block| emitter.function.blocks[*block].instructions.contains(&inst)),
        }
    }

    /// A parameter of a block in the loop: a counter, or whatever its edges bring.
    fn parameter(&mut self, block: Block, position: usize, sign: Sign, depth: u32) -> Option<Range> {
        let emitter = self.emitter;
        if let Some(l) = emitter.nest.headed_by(block) {
            return self.find_counter(l, block, position, sign, depth);
        }
        let mut all: Option<Rc<Range>> = None;
        for from in &emitter.nest.order {
            for target in emitter.function.blocks[*from].terminator.targets() {
                if target.block == block {
                    let one = self.of(target.arguments[position], sign, depth - 1)?;
                    all = Some(match all {
                        None => one,
                        Some(other) => Rc::new(Range::Either(other, one)),
                    });
                }
            }
        }
        all.map(Rc::unwrap_or_clone)
    }

    fn find_counter(
        &mut self,
        l: Loop,
        header: Block,
        position: usize,
        sign: Sign,
        depth: u32,
    ) -> Option<Range> {
        let (emitter, function) = (self.emitter, self.emitter.function);
        let parameter = function.blocks[header].parameters[position];
        let (condition, continues, back) = self.end_of(l)?;
        let next = back.arguments[position];
        let (_, entry) = self.entry_of(l)?;
        let start = entry.arguments[position];
        let is_shrinking = self.is_shrunk(next, parameter);
        let sign = if is_shrinking { Sign::Unsigned } else { sign };
        // The counter of the loop itself has its first value already; that of an inner loop is computed like any other.
        let start = if l == self.l {
            (emitter.lanes_of(parameter) != Lanes::Varying).then_some(())?;
            Rc::new(Range::Known { value: parameter, sign, bounds: start })
        } else {
            self.of(start, sign, depth - 1)?
        };
        if is_shrinking {
            return Some(Range::Shrinking(start, function.ty(parameter)));
        }
        let tests = self.tests(condition, continues);
        tests.into_iter().find_map(|test| {
            let start = start.clone();
            let counter = self.tested_counter(test, continues, parameter, next, start, sign, depth)?;
            Some(Range::Counter(Rc::new(counter)))
        })
    }

    /// Comparisons that all hold while a condition does; where it is to fail, that all fail.
    fn tests(&self, condition: Value, holds: bool) -> Vec<Inst> {
        let function = self.emitter.function;
        let (mut found, mut waiting) = (Vec::new(), vec![condition]);
        while let Some(condition) = waiting.pop() {
            let Definition::Result(inst, _) = function.values[condition].definition else { continue };
            let data = &function.instructions[inst];
            let is =
                |i: usize, bit: u128| function.constant_bits(data.operands[i]).is_some_and(|b| b & 1 == bit);
            match data.op {
                Op::IntCompare(_) => found.push(inst),
                Op::Binary(Binary::And) if holds => waiting.extend(&data.operands),
                Op::Binary(Binary::Or) if !holds => waiting.extend(&data.operands),
                Op::Select if holds && is(2, 0) => waiting.extend(&data.operands[..2]),
                Op::Select if !holds && is(1, 1) => waiting.extend([data.operands[0], data.operands[2]]),
                _ => {}
            }
        }
        found
    }

    /// A counter by a comparison that decides, with others, whether its loop goes on.
    #[expect(clippy::too_many_arguments, reason = "a step of `find_counter`")]
    fn tested_counter(
        &mut self,
        test: Inst,
        continues: bool,
        parameter: Value,
        next: Value,
        start: Rc<Range>,
        sign: Sign,
        depth: u32,
    ) -> Option<Counter> {
        let function = self.emitter.function;
        let ty = function.ty(parameter);
        let test = &function.instructions[test];
        let Op::IntCompare(mut order) = test.op else { return None };
        let (mut left, mut right) = (test.operands[0], test.operands[1]);
        if right == next || right == parameter {
            (left, right) = (right, left);
            order = swapped(order);
        }
        if !continues {
            order = negated(order);
        }
        // What is tested is the value of the next iteration, or of this one.
        let ahead = if left == next {
            0
        } else if left == parameter {
            1
        } else {
            return None;
        };
        let tested = match order {
            IntCompare::Ult | IntCompare::Ule | IntCompare::Ugt | IntCompare::Uge => Sign::Unsigned,
            IntCompare::Slt | IntCompare::Sle | IntCompare::Sgt | IntCompare::Sge => Sign::Signed,
            IntCompare::Eq | IntCompare::Ne => sign,
        };
        if ty.bits() < 64 && tested != sign {
            return None;
        }
        let bound = self.of(right, sign, depth - 1)?;
        let step = self.step(next, parameter, tested)?;
        // While the loop goes on, the next value is at most (at least) the bound plus this.
        let (up, beyond, exact) = match order {
            // Whether a bound is met depends on how far away it is, which must be divided by the step.
            IntCompare::Ne if matches!(step, Step::Known(..)) => return None,
            IntCompare::Ne => (step.is_up(), 0, true),
            IntCompare::Ult | IntCompare::Slt => (true, -1, false),
            IntCompare::Ule | IntCompare::Sle => (true, 0, false),
            IntCompare::Ugt | IntCompare::Sgt => (false, 1, false),
            IntCompare::Uge | IntCompare::Sge => (false, 0, false),
            IntCompare::Eq => return None,
        };
        if up != step.is_up() {
            return None;
        }
        // Met exactly, the bound is one step beyond the last value.
        let steps_beyond = ahead - i64::from(exact);
        Some(Counter { start, step, bound, beyond, steps_beyond, exact, ty, sign: tested })
    }

    /// Whether a value is a parameter shifted right or divided, and so at most the same as an unsigned number.
    fn is_shrunk(&self, next: Value, parameter: Value) -> bool {
        let function = self.emitter.function;
        let Definition::Result(inst, _) = function.values[next].definition else { return false };
        let data = &function.instructions[inst];
        let is_positive = |value: Value| function.constant_bits(value).is_some_and(|bits| bits > 0);
        match data.op {
            Op::Binary(Binary::LShr) => data.operands[0] == parameter,
            Op::Binary(Binary::UDiv) => data.operands[0] == parameter && is_positive(data.operands[1]),
            _ => false,
        }
    }

    /// By how much a value is more than a parameter.
    fn step(&self, next: Value, parameter: Value, sign: Sign) -> Option<Step> {
        let function = self.emitter.function;
        let Definition::Result(inst, _) = function.values[next].definition else { return None };
        let data = &function.instructions[inst];
        let (Op::Binary(Binary::Add), [a, b]) = (data.op, &data.operands[..]) else { return None };
        let other = match (*a == parameter, *b == parameter) {
            (true, _) => *b,
            (_, true) => *a,
            _ => return None,
        };
        if let Some(bits) = function.constant_bits(other) {
            let step = signed(bits, function.ty(other));
            return (step != 0 && step.unsigned_abs() < 1 << 30).then_some(Step::Constant(step));
        }
        let known = !self.is_inside(other) && self.emitter.shapes.of(other).is_uniform();
        known.then_some(Step::Known(other, sign))
    }
}

/// A comparison that holds, or fails, as: whether the numbers may be equal, how they are read, and which is less.
fn in_order(order: IntCompare, left: Value, right: Value, holds: bool) -> Option<(bool, Sign, Value, Value)> {
    match if holds { order } else { negated(order) } {
        IntCompare::Ult => Some((false, Sign::Unsigned, left, right)),
        IntCompare::Ule => Some((true, Sign::Unsigned, left, right)),
        IntCompare::Slt => Some((false, Sign::Signed, left, right)),
        IntCompare::Sle => Some((true, Sign::Signed, left, right)),
        IntCompare::Ugt => Some((false, Sign::Unsigned, right, left)),
        IntCompare::Uge => Some((true, Sign::Unsigned, right, left)),
        IntCompare::Sgt => Some((false, Sign::Signed, right, left)),
        IntCompare::Sge => Some((true, Sign::Signed, right, left)),
        IntCompare::Eq | IntCompare::Ne => None,
    }
}

/// The comparison with its operands exchanged.
fn swapped(order: IntCompare) -> IntCompare {
    use IntCompare::{Eq, Ne, Sge, Sgt, Sle, Slt, Uge, Ugt, Ule, Ult};
    match order {
        Eq => Eq,
        Ne => Ne,
        Ugt => Ult,
        Uge => Ule,
        Ult => Ugt,
        Ule => Uge,
        Sgt => Slt,
        Sge => Sle,
        Slt => Sgt,
        Sle => Sge,
    }
}

/// The comparison that holds when the other does not.
fn negated(order: IntCompare) -> IntCompare {
    use IntCompare::{Eq, Ne, Sge, Sgt, Sle, Slt, Uge, Ugt, Ule, Ult};
    match order {
        Eq => Ne,
        Ne => Eq,
        Ugt => Ule,
        Uge => Ult,
        Ult => Uge,
        Ule => Ugt,
        Sgt => Sle,
        Sge => Slt,
        Slt => Sge,
        Sle => Sgt,
    }
}
