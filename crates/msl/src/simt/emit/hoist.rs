//! Checks hoisted out of loops: before a loop, ranges of all offsets in it are computed; where they lie within their memories, a
//! version of the loop runs that does not check them. Where also the kernel's own guards, such as `if (index < count)`, hold for
//! all lanes in all iterations, another version does without them: its lanes stay together. Where they do not lie so, the loop runs
//! with its checks; or the tile starts again as rows, and the loop is not written again.
//!
//! Of an access under a guard in the loop only the lanes count for which the guard holds: `if (i < stride) sum[i] += sum[i + stride]`
//! stays below twice the stride.
//!
//! A range is of whole numbers of which one is congruent to the value modulo the width of its type, so that additions and
//! multiplications may wrap around; widening asks that the number itself fits.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::Emitter;
use super::bounds::Bounds;
use super::values::of_row;
use crate::kernel::op::{Binary, Cast, IntCompare};
use crate::kernel::{Block, Definition, Inst, Op, Target, Terminator, Type, Value};
use crate::simt::code::{Label, Operand, scalar};
use crate::simt::loops::Loop;
use crate::simt::origin::Origin;
use crate::simt::shape::{Lanes, signed};

/// How the range of a value is computed before a loop.
#[derive(Clone, Debug)]
enum Range {
    Constant(i64),
    /// A value that is known before the loop, and lies where another one does: itself, or what a parameter begins with.
    Known {
        value: Value,
        sign: Sign,
        bounds: Value,
    },
    Sum(Rc<Range>, Rc<Range>),
    Difference(Rc<Range>, Rc<Range>),
    Product(Rc<Range>, Rc<Range>),
    /// Of one or the other.
    Either(Rc<Range>, Rc<Range>),
    /// The number, if it fits a type.
    Fitting(Rc<Range>, Type, Sign),
    /// Whatever the operands are.
    Within(i64, i64),
    /// A counter of a loop.
    Counter(Rc<Counter>),
    /// A parameter of a loop's header that is shifted right or divided in each iteration: at most what it starts with.
    Shrinking(Rc<Range>, Type),
    /// That of lanes for which a guard holds.
    Guarded(Rc<Range>, Rc<Limit>),
}

/// What a guard says of a value: as a number of a type it is less than another one, or equal.
#[derive(Debug)]
struct Limit {
    value: Value,
    most: Rc<Range>,
    or_equal: bool,
    ty: Type,
    sign: Sign,
}

/// A parameter of a loop's header that changes by the same in each iteration, until a test at the loop's end.
#[derive(Debug)]
struct Counter {
    start: Rc<Range>,
    step: Step,
    /// What it is compared with.
    bound: Rc<Range>,
    /// The largest (counting down: least) value of the counter in the loop, less the bound and `steps_beyond` steps.
    beyond: i64,
    steps_beyond: i64,
    /// The loop ends only if the bound is met: the counter must not step over it.
    exact: bool,
    ty: Type,
    sign: Sign,
}

/// What a counter changes by.
#[derive(Clone, Debug)]
enum Step {
    Constant(i64),
    /// A number that is the same in all lanes and known before the loop; that it is positive is checked.
    Known(Value, Sign),
}

impl Step {
    fn is_up(&self) -> bool {
        !matches!(self, Self::Constant(step) if *step < 0)
    }
}

/// A number that is computed before a loop, and between which numbers it lies whenever the conditions hold that its range asks for.
#[derive(Clone, Debug)]
struct Number {
    at: Operand,
    least: i128,
    most: i128,
}

impl Number {
    fn known(value: i64) -> Self {
        Self { at: Operand::int(value), least: value.into(), most: value.into() }
    }

    fn constant(&self) -> Option<i128> {
        (self.least == self.most).then_some(self.least)
    }
}

/// As what number the bits of a value are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Sign {
    Signed,
    Unsigned,
}

/// What is checked before a loop.
#[derive(Debug)]
pub(super) struct Hoisted {
    accesses: Vec<HoistedAccess>,
    guards: Vec<Guard>,
}

/// An access that is checked before a loop.
#[derive(Debug)]
struct HoistedAccess {
    inst: Inst,
    /// Of all lanes: nothing in it may wrap around, so that their offsets lie as their stride says.
    range: Rc<Range>,
    /// Of the lanes that do access memory, if guards in the loop say more of them.
    active: Option<Rc<Range>>,
}

/// A branch in a loop at which no lanes part if these tests hold.
#[derive(Debug)]
struct Guard {
    block: Block,
    /// What its condition is then.
    condition: bool,
    tests: Vec<Below>,
}

/// One number is less than another, or equal, as numbers of a type.
#[derive(Debug)]
struct Below {
    left: Rc<Range>,
    right: Rc<Range>,
    or_equal: bool,
    ty: Type,
    sign: Sign,
}

impl Hoisted {
    /// The accesses that are checked.
    pub(super) fn accesses(&self) -> impl Iterator<Item = Inst> + '_ {
        self.accesses.iter().map(|access| access.inst)
    }
}

const DEPTH: u32 = 24;
/// Numbers that are nearer to 0 do not overflow by another one: their sum would wrap around to what is no offset.
const SMALL: i128 = 1 << 62;
/// Steps that differ by no more are not told from the largest where that only makes a loop keep its checks.
const FEW: i128 = 4096;
/// Loops of more blocks are not written twice.
const MOST_BLOCKS: usize = 48;
/// Loops of more blocks are not written once more without their guards.
const MOST_GUARDED_BLOCKS: usize = 12;

impl Emitter<'_> {
    /// For headers of loops, what can be checked before them.
    pub(super) fn find_hoisted(&self) -> HashMap<Block, Hoisted> {
        let mut found = HashMap::new();
        if !self.plan.full {
            return found;
        }
        let mut done: Vec<Loop> = Vec::new();
        // Outer loops come first.
        for l in self.nest.all() {
            let data = self.nest.data(l);
            let outer_done = std::iter::successors(data.parent, |p| self.nest.data(*p).parent)
                .any(|outer| done.contains(&outer));
            if outer_done || data.span.len() > MOST_BLOCKS {
                continue;
            }
            let accesses = self.accesses_in(l);
            let mut analysis = Ranges::new(self, l);
            let hoistable = accesses.iter().filter(|(_, inst, pointer)| {
                self.plan.checked
                    && !self.inside.contains(inst)
                    && matches!(self.origins.of(*pointer), Origin::Argument(_) | Origin::Variable(_))
            });
            let open = accesses.iter().filter(|(_, inst, _)| !self.inside.contains(inst)).count();
            let ranges: Vec<_> = hoistable
                .filter_map(|(block, inst, pointer)| {
                    let range = analysis.of(*pointer, Sign::Signed, DEPTH)?;
                    Some(HoistedAccess { inst: *inst, range, active: analysis.guarded(*block, *pointer) })
                })
                .collect();
            let guards = if accesses.is_empty() { Vec::new() } else { analysis.guards() };
            let is_outer = self.nest.all().any(|other| self.nest.data(other).parent == Some(l));
            // An outer loop is worth it only if nothing is left to its inner ones.
            let left = self.plan.checked && ranges.len() < open;
            if (ranges.is_empty() && guards.is_empty()) || (is_outer && left) {
                continue;
            }
            done.push(l);
            found.insert(data.header, Hoisted { accesses: ranges, guards });
        }
        found
    }

    /// Loads and stores in a loop, with their blocks and pointers.
    fn accesses_in(&self, l: Loop) -> Vec<(Block, Inst, Value)> {
        let blocks = &self.nest.order[self.nest.data(l).span.clone()];
        let insts = blocks.iter().flat_map(|block| {
            self.function.blocks[*block].instructions.iter().map(move |inst| (*block, *inst))
        });
        insts
            .filter_map(|(block, inst)| {
                let data = &self.function.instructions[inst];
                matches!(data.op, Op::Load(_) | Op::Store(_)).then(|| (block, inst, data.operands[0]))
            })
            .collect()
    }

    /// Writes the blocks of a loop in versions: without the checks that can be made before it, and without guards that hold
    /// anyway; without these checks; and as it is, unless the tile may start again then. Returns the position of what comes after
    /// it.
    pub(super) fn versions(&mut self, header: Block, hoisted: &Hoisted) -> Result<usize, String> {
        let own = self.nest.headed_by(header).expect("only loops have versions");
        let span = self.nest.data(own).span.clone();
        let outside = self.labels.clone();
        self.code.start(&outside[&header]);
        self.known.clear();
        self.vectors.clear();
        self.inst = None;
        let guards: HashMap<Block, bool> =
            hoisted.guards.iter().map(|guard| (guard.block, guard.condition)).collect();
        let accesses: HashSet<Inst> = hoisted.accesses().collect();
        // Each with the condition that it may run, the best first.
        let mut versions = Vec::new();
        let safe = self.is_safe(hoisted);
        if !guards.is_empty() {
            let open = self.holds(&hoisted.guards);
            let both = self.all_of(&[safe.clone(), open]);
            versions.push((Some(both), accesses.clone(), guards));
        }
        if !accesses.is_empty() {
            versions.push((Some(safe), accesses, HashMap::new()));
        }
        let restarts = self.may_restart_at(own, hoisted);
        if !restarts {
            versions.push((None, HashSet::new(), HashMap::new()));
        }

        let heads: Vec<Label> = versions.iter().map(|_| self.code.label("version")).collect();
        for ((condition, ..), head) in versions.iter().zip(&heads) {
            let Some(condition) = condition else {
                self.code.jump(head);
                break;
            };
            let other = self.code.label("other");
            let may = self.code.value(format_args!("freeze i1 {condition}"));
            self.code.end(format_args!("br i1 {may}, {}, {}, !prof !0", head.target(), other.target()));
            self.code.start(&other);
        }
        if restarts {
            let restart = self.restart_label();
            self.code.jump(&restart);
        }
        for ((_, proved, guards), head) in versions.into_iter().zip(heads) {
            for position in span.clone() {
                let block = self.nest.order[position];
                let label = if block == header { head.clone() } else { self.code.label("block") };
                self.labels.insert(block, label);
            }
            (self.proved, self.open) = (proved, guards);
            for position in span.clone() {
                self.block(self.nest.order[position])?;
            }
        }
        self.proved.clear();
        self.open.clear();
        self.labels = outside;
        Ok(span.end)
    }

    /// Whether the tile may start again where the checks before a loop fail: nothing can have been seen of it, and some thread
    /// does access what it may not, as all threads do all that the loop does.
    fn may_restart_at(&self, l: Loop, hoisted: &Hoisted) -> bool {
        let data = self.nest.data(l);
        let outermost = self.nest.around(data.header).last().unwrap_or(l);
        let before = &self.nest.order[..self.nest.data(outermost).span.end];
        let own = &self.nest.order[data.span.clone()];
        let leaves = |block: &Block| {
            let terminator = &self.function.blocks[*block].terminator;
            matches!(terminator, Terminator::Return)
                || terminator.targets().iter().any(|target| !self.nest.contains(l, target.block))
        };
        self.plan.may_restart
            && hoisted.guards.is_empty()
            && self.shapes.is_quiet(self.function, before)
            && own.iter().all(|block| self.shapes.mask(*block) == self.nest.order[0])
            && own.iter().all(|block| *block == data.latch || !leaves(block))
    }

    /// Whether the tests of all guards hold.
    fn holds(&mut self, guards: &[Guard]) -> Operand {
        let mut conditions = Vec::new();
        for test in guards.iter().flat_map(|guard| &guard.tests) {
            let left = self.range(&test.left, &mut conditions);
            let right = self.range(&test.right, &mut conditions);
            for (low, high) in [&left, &right] {
                self.fits(low, high, test.ty, test.sign, &mut conditions);
            }
            let order = if test.or_equal { "sle" } else { "slt" };
            conditions.push(self.code.value(format_args!("icmp {order} i64 {}, {}", left.1.at, right.0.at)));
        }
        self.all_of(&conditions)
    }

    /// Whether all hoisted accesses are within their memories.
    fn is_safe(&mut self, hoisted: &Hoisted) -> Operand {
        let mut conditions = Vec::new();
        for HoistedAccess { inst, range, active } in &hoisted.accesses {
            let data = &self.function.instructions[*inst];
            let write = matches!(data.op, Op::Store(_));
            let values = if write { &data.operands[1..] } else { &data.results[..] };
            let bytes: u64 = values.iter().map(|v| u64::from(self.function.ty(*v).bytes())).sum();
            let region = self.region_at(self.origins.of(data.operands[0]));
            let access = self.checked_access(*inst, region, bytes, write);
            let (low, high) = match active {
                None => self.offsets(range, &mut conditions),
                Some(active) => {
                    self.range(range, &mut conditions);
                    self.offsets(active, &mut conditions)
                }
            };
            if low.least < 0 {
                // A sum that is too small for 64 bits is large.
                conditions.push(self.code.value(format_args!(
                    "icmp ult i64 {}, {}",
                    low.at,
                    access.length()
                )));
            }
            let most = u64::try_from(high.most).unwrap_or(u64::MAX);
            conditions.push(self.ends_inside(&access, &high.at, most, 0));
        }
        self.all_of(&conditions)
    }

    /// As [`range`](Self::range), of offsets of which it is asked next whether the least is not negative, and the largest within
    /// a memory: then a sum has not overflowed if one of its parts is far from what does.
    fn offsets(&mut self, range: &Range, conditions: &mut Vec<Operand>) -> (Number, Number) {
        let Range::Sum(a, b) = range else { return self.range(range, conditions) };
        let (a, b) = (self.range(a, conditions), self.range(b, conditions));
        let is_small = |number: &Number| number.least >= -SMALL && number.most <= SMALL;
        let are_small = |(low, high): &(Number, Number)| is_small(low) && is_small(high);
        if !are_small(&a) && !are_small(&b) {
            return (self.exact("sadd", &a.0, &b.0, conditions), self.exact("sadd", &a.1, &b.1, conditions));
        }
        (self.computed("sadd", &a.0, &b.0), self.computed("sadd", &a.1, &b.1))
    }

    /// Least and largest number of a range; they hold if the conditions do.
    fn range(&mut self, range: &Range, conditions: &mut Vec<Operand>) -> (Number, Number) {
        match range {
            Range::Constant(value) => (Number::known(*value), Number::known(*value)),
            Range::Within(low, high) => (Number::known(*low), Number::known(*high)),
            Range::Known { value, sign, bounds } => {
                let bounds = self.bounds(*bounds);
                self.known_range(*value, *sign, bounds, conditions)
            }
            Range::Sum(a, b) => {
                let (a, b) = (self.range(a, conditions), self.range(b, conditions));
                (self.exact("sadd", &a.0, &b.0, conditions), self.exact("sadd", &a.1, &b.1, conditions))
            }
            Range::Difference(a, b) => {
                let (a, b) = (self.range(a, conditions), self.range(b, conditions));
                (self.exact("ssub", &a.0, &b.1, conditions), self.exact("ssub", &a.1, &b.0, conditions))
            }
            Range::Product(a, b) => {
                let (a, b) = (self.range(a, conditions), self.range(b, conditions));
                let pairs = match (a.0.constant(), b.0.constant(), a.1.constant(), b.1.constant()) {
                    // By one number that is not negative the order stays.
                    (Some(x), _, Some(y), _) if x == y && x >= 0 => vec![(&a.0, &b.0), (&a.1, &b.1)],
                    (_, Some(x), _, Some(y)) if x == y && x >= 0 => vec![(&a.0, &b.0), (&a.1, &b.1)],
                    _ => vec![(&a.0, &b.0), (&a.0, &b.1), (&a.1, &b.0), (&a.1, &b.1)],
                };
                let products: Vec<Number> =
                    pairs.into_iter().map(|(x, y)| self.exact("smul", x, y, conditions)).collect();
                match &products[..] {
                    [low, high] => (low.clone(), high.clone()),
                    _ => (self.extreme("smin", &products), self.extreme("smax", &products)),
                }
            }
            Range::Either(a, b) => {
                let (a, b) = (self.range(a, conditions), self.range(b, conditions));
                (self.extreme("smin", &[a.0, b.0]), self.extreme("smax", &[a.1, b.1]))
            }
            Range::Fitting(inner, ty, sign) => {
                let (low, high) = self.range(inner, conditions);
                self.fits(&low, &high, *ty, *sign, conditions)
            }
            Range::Counter(counter) => self.counter(counter, conditions),
            Range::Shrinking(start, ty) => {
                let (low, high) = self.range(start, conditions);
                let (_, high) = self.fits(&low, &high, *ty, Sign::Unsigned, conditions);
                (Number::known(0), high)
            }
            Range::Guarded(inner, limit) => {
                let (low, high) = self.range(inner, conditions);
                let (least, most) = self.range(&limit.most, conditions);
                // What is compared are the numbers themselves.
                let (low, high) = self.fits(&low, &high, limit.ty, limit.sign, conditions);
                let (_, mut most) = self.fits(&least, &most, limit.ty, limit.sign, conditions);
                if !limit.or_equal {
                    most = self.exact("sadd", &most, &Number::known(-1), conditions);
                }
                let high = self.extreme("smin", &[high, most]);
                (low, high)
            }
        }
    }

    fn counter(&mut self, counter: &Counter, conditions: &mut Vec<Operand>) -> (Number, Number) {
        let start = self.range(&counter.start, conditions);
        let bound = self.range(&counter.bound, conditions);
        let up = counter.step.is_up();
        let (step, beyond) = match &counter.step {
            Step::Constant(step) => {
                (Number::known(*step), Number::known(counter.beyond + counter.steps_beyond * step))
            }
            Step::Known(value, sign) => {
                let bounds = self.bounds(*value);
                let (step, _) = self.known_range(*value, *sign, bounds, conditions);
                if step.least < 1 {
                    conditions.push(self.code.value(format_args!("icmp sge i64 {}, 1", step.at)));
                }
                let step = Number { least: step.least.max(1), ..step };
                let count = Number::known(counter.steps_beyond);
                let steps = self.exact("smul", &step, &count, conditions);
                let beyond = self.exact("sadd", &steps, &Number::known(counter.beyond), conditions);
                (step, beyond)
            }
        };
        let last = self.exact("sadd", if up { &bound.1 } else { &bound.0 }, &beyond, conditions);
        if counter.exact {
            // The counter comes to the bound, and not past it, in all lanes.
            let nearest = self.exact("sadd", if up { &bound.0 } else { &bound.1 }, &beyond, conditions);
            let (order, first) = if up { ("sle", &start.1) } else { ("sge", &start.0) };
            let holds = if up { first.most <= nearest.least } else { first.least >= nearest.most };
            if !holds {
                conditions
                    .push(self.code.value(format_args!("icmp {order} i64 {}, {}", first.at, nearest.at)));
            }
            if !matches!(counter.step, Step::Constant(1 | -1)) {
                for (a, b) in [(&start.0, &start.1), (&bound.0, &bound.1)] {
                    conditions.push(self.code.value(format_args!("icmp eq i64 {}, {}", a.at, b.at)));
                }
                let way = self.exact("ssub", &last, &start.0, conditions);
                let rest = self.code.value(format_args!("srem i64 {}, {}", way.at, step.at));
                conditions.push(self.code.value(format_args!("icmp eq i64 {rest}, 0")));
            }
        } else {
            // What is compared are the numbers themselves, and one step past the last does not wrap around.
            for (low, high) in [&start, &bound] {
                self.fits(low, high, counter.ty, counter.sign, conditions);
            }
            if step.most - step.least <= FEW {
                // As if the step were the largest that it may be.
                let (least, most) = limits(counter.ty, counter.sign);
                let past = (i128::from(least) - step.least, i128::from(most) - step.most);
                self.lies_in(&last, &last, past, conditions);
            } else {
                let past = self.exact("sadd", &last, &step, conditions);
                self.fits(&past, &past, counter.ty, counter.sign, conditions);
            }
        }
        // From one start, the counter goes on in whole steps.
        let is_far = matches!(counter.step, Step::Constant(step) if step.unsigned_abs() > 1);
        let last = if is_far && !counter.exact && start.0.at == start.1.at {
            let way = self.exact("ssub", &last, &start.0, conditions);
            let rest = self.code.value(format_args!("srem i64 {}, {}", way.at, step.at));
            let at = self.code.value(format_args!("sub i64 {}, {rest}", last.at));
            // Nearer to the start, by less than a step.
            let reach = step.least.abs();
            Number { at, least: last.least - reach, most: last.most + reach }
        } else {
            last
        };
        // The first iteration is not tested.
        if up {
            (start.0.clone(), self.extreme("smax", &[start.1.clone(), last]))
        } else {
            (self.extreme("smin", &[start.0.clone(), last]), start.1.clone())
        }
    }

    /// Asks that numbers are values of a type; the numbers, as is known of them then.
    fn fits(
        &mut self,
        low: &Number,
        high: &Number,
        ty: Type,
        sign: Sign,
        conditions: &mut Vec<Operand>,
    ) -> (Number, Number) {
        let (least, most) = limits(ty, sign);
        self.lies_in(low, high, (least.into(), most.into()), conditions);
        let within = |number: &Number| Number {
            at: number.at.clone(),
            least: number.least.max(least.into()),
            most: number.most.min(most.into()),
        };
        (within(low), within(high))
    }

    /// Asks that numbers are not less than one and not more than another, which is no less.
    fn lies_in(
        &mut self,
        low: &Number,
        high: &Number,
        (least, most): (i128, i128),
        conditions: &mut Vec<Operand>,
    ) {
        let never = || Operand::new("false");
        if low.least < least {
            conditions.push(match i64::try_from(least) {
                Ok(least) => self.code.value(format_args!("icmp sge i64 {}, {least}", low.at)),
                Err(_) => never(),
            });
        }
        if high.most > most {
            conditions.push(match i64::try_from(most) {
                Ok(most) => self.code.value(format_args!("icmp sle i64 {}, {most}", high.at)),
                Err(_) => never(),
            });
        }
    }

    /// The numbers that a value has in the lanes of all rows.
    fn known_range(
        &mut self,
        value: Value,
        sign: Sign,
        bounds: Bounds,
        conditions: &mut Vec<Operand>,
    ) -> (Number, Number) {
        let ty = self.function.ty(value);
        let half = (u64::MAX >> (64 - ty.bits())) >> 1;
        // As the number that its bits are read as; of 64 bits these are signed.
        let (least, most) = match sign {
            _ if bounds.most <= half => (bounds.least.into(), bounds.most.into()),
            Sign::Unsigned if ty.bits() < 64 => (bounds.least.into(), bounds.most.into()),
            _ => (-i128::from(half) - 1, half.into()),
        };
        let emitted = self.get(value);
        let reach = match self.lanes_of(value) {
            Lanes::Affine(stride) | Lanes::Speculative(stride) => {
                stride.wrapping_mul(i64::from(self.lanes()) - 1)
            }
            Lanes::Uniform | Lanes::Varying => 0,
        };
        let (mut lows, mut highs) = (Vec::new(), Vec::new());
        for row in 0..self.rows_of(value) {
            if let Some(valid) = emitted.valid.get(row.min(emitted.valid.len().saturating_sub(1))) {
                conditions.push(valid.clone());
            }
            let at = of_row(&emitted.scalars, row).clone();
            let at = if ty.bits() == 64 {
                at
            } else {
                let extend = if sign == Sign::Signed { "sext" } else { "zext" };
                self.code.value(format_args!("{extend} {} {at} to i64", scalar(ty)))
            };
            let base = Number { at, least, most };
            let end = self.exact("sadd", &base, &Number::known(reach), conditions);
            let (low, high) = if reach < 0 { (end, base) } else { (base, end) };
            lows.push(low);
            highs.push(high);
        }
        (self.extreme("smin", &lows), self.extreme("smax", &highs))
    }

    /// A sum, difference or product, if it does not overflow.
    fn exact(&mut self, op: &str, a: &Number, b: &Number, conditions: &mut Vec<Operand>) -> Number {
        let (least, most) = reached(op, a, b);
        if least >= i64::MIN.into() && most <= i64::MAX.into() {
            return self.computed(op, a, b);
        }
        let (a, b) = (&a.at, &b.at);
        self.code
            .declarations
            .insert(format!("declare {{ i64, i1 }} @llvm.{op}.with.overflow.i64(i64, i64)"));
        let both = self
            .code
            .value(format_args!("call {{ i64, i1 }} @llvm.{op}.with.overflow.i64(i64 {a}, i64 {b})"));
        let at = self.code.value(format_args!("extractvalue {{ i64, i1 }} {both}, 0"));
        let over = self.code.value(format_args!("extractvalue {{ i64, i1 }} {both}, 1"));
        conditions.push(self.code.value(format_args!("xor i1 {over}, true")));
        Number { at, least: least.max(i64::MIN.into()), most: most.min(i64::MAX.into()) }
    }

    /// A sum, difference or product modulo 2^64, and between which numbers it lies if it does not overflow.
    fn computed(&mut self, op: &str, a: &Number, b: &Number) -> Number {
        let (least, most) = reached(op, a, b);
        if op != "smul" && b.constant() == Some(0) {
            return a.clone();
        }
        let at = self.code.value(format_args!("{} i64 {}, {}", &op[1..], a.at, b.at));
        Number { at, least, most }
    }

    /// The least or the largest of some numbers.
    fn extreme(&mut self, op: &str, numbers: &[Number]) -> Number {
        self.code.declarations.insert(format!("declare i64 @llvm.{op}.i64(i64, i64)"));
        let mut result = numbers[0].clone();
        for number in &numbers[1..] {
            let (least, most) = match op {
                "smin" => (result.least.min(number.least), result.most.min(number.most)),
                _ => (result.least.max(number.least), result.most.max(number.most)),
            };
            let (below, above) = (result.most <= number.least, result.least >= number.most);
            let at = match op {
                "smin" if below => result.at,
                "smin" if above => number.at.clone(),
                "smax" if above => result.at,
                "smax" if below => number.at.clone(),
                _ => self
                    .code
                    .value(format_args!("call i64 @llvm.{op}.i64(i64 {}, i64 {})", result.at, number.at)),
            };
            result = Number { at, least, most };
        }
        result
    }
}

/// Between which numbers the values of a type lie; of unsigned ones of 64 bits, those that are also signed.
fn limits(ty: Type, sign: Sign) -> (i64, i64) {
    let bits = ty.bits();
    match sign {
        Sign::Unsigned => (0, (u64::MAX >> (64 - bits).max(1)) as i64),
        Sign::Signed => (i64::MIN >> (64 - bits), i64::MAX >> (64 - bits)),
    }
}

/// Between which numbers a sum, difference or product lies.
fn reached(op: &str, a: &Number, b: &Number) -> (i128, i128) {
    match op {
        "sadd" => (a.least + b.least, a.most + b.most),
        "ssub" => (a.least - b.most, a.most - b.least),
        _ => {
            let all = [a.least * b.least, a.least * b.most, a.most * b.least, a.most * b.most];
            (all.into_iter().fold(i128::MAX, i128::min), all.into_iter().fold(i128::MIN, i128::max))
        }
    }
}

/// Finds how ranges are computed before one loop.
struct Ranges<'a, 'e> {
    emitter: &'e Emitter<'a>,
    l: Loop,
    memo: HashMap<(Value, Sign), Option<Rc<Range>>>,
    /// What guards say of values where these ranges are for.
    limits: Vec<Rc<Limit>>,
    /// Whether it mattered.
    is_limited: bool,
}

impl<'a, 'e> Ranges<'a, 'e> {
    fn new(emitter: &'e Emitter<'a>, l: Loop) -> Self {
        Self { emitter, l, memo: HashMap::new(), limits: Vec::new(), is_limited: false }
    }

    /// The range of a pointer in the lanes that run a block, if guards in the loop say anything of it.
    fn guarded(&mut self, block: Block, pointer: Value) -> Option<Rc<Range>> {
        // An address that is the same for all lanes is also read for rows of which none is active.
        if self.emitter.lanes_of(pointer) == Lanes::Uniform {
            return None;
        }
        let limits = self.limits_at(block);
        if limits.is_empty() {
            return None;
        }
        let mut ranges = Self { limits, ..Self::new(self.emitter, self.l) };
        let found = ranges.of(pointer, Sign::Signed, DEPTH)?;
        ranges.is_limited.then_some(found)
    }

    /// What the branches in the loop say that lead to a block and nowhere else.
    fn limits_at(&mut self, mut block: Block) -> Vec<Rc<Limit>> {
        let emitter = self.emitter;
        let function = emitter.function;
        let mut limits = Vec::new();
        loop {
            let mut edges = emitter.nest.order.iter().flat_map(|from| {
                let targets = function.blocks[*from].terminator.targets();
                targets.into_iter().filter(|target| target.block == block).map(move |_| *from)
            });
            let (Some(from), None) = (edges.next(), edges.next()) else { return limits };
            if !emitter.nest.contains(self.l, from) {
                return limits;
            }
            if let Terminator::Branch { condition, yes, .. } = &function.blocks[from].terminator {
                let holds = yes.block == block;
                for test in self.tests(*condition, holds) {
                    limits.extend(self.limit_of(test, holds).map(Rc::new));
                }
            }
            block = from;
        }
    }

    /// What a comparison says of its operand that is less.
    fn limit_of(&mut self, test: Inst, holds: bool) -> Option<Limit> {
        let function = self.emitter.function;
        let data = &function.instructions[test];
        let Op::IntCompare(order) = data.op else { return None };
        let (or_equal, sign, value, most) = in_order(order, data.operands[0], data.operands[1], holds)?;
        // Numbers that are the same for all lanes are what they are.
        if self.emitter.lanes_of(value) == Lanes::Uniform {
            return None;
        }
        Some(Limit { value, most: self.of(most, sign, DEPTH)?, or_equal, ty: function.ty(value), sign })
    }

    /// Branches in the loop at which lanes part, and what must hold that they do not: that numbers that differ from lane to
    /// lane are below others, as indices are below their limits.
    fn guards(&mut self) -> Vec<Guard> {
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

    fn of(&mut self, value: Value, sign: Sign, depth: u32) -> Option<Rc<Range>> {
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
        let latch = emitter.nest.data(l).latch;
        let Terminator::Branch { condition, yes, no } = &function.blocks[latch].terminator else {
            return None;
        };
        let (back, continues) = if yes.block == header { (yes, true) } else { (no, false) };
        let next = back.arguments[position];
        // Where the loop is entered.
        let starts: Vec<Value> = emitter
            .nest
            .order
            .iter()
            .filter(|from| **from != latch)
            .flat_map(|from| function.blocks[*from].terminator.targets())
            .filter(|target| target.block == header)
            .map(|target| target.arguments[position])
            .collect();
        let [start] = starts[..] else { return None };
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
        let tests = self.tests(*condition, continues);
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
