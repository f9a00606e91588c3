//! Checks hoisted out of loops: before a loop, ranges of all offsets in it are computed; where they lie within their memories, a
//! version of the loop runs that does not check them. Where also the kernel's own guards, such as `if (index < count)`, hold for
//! all lanes in all iterations, another version does without them: its lanes stay together. Where they do not lie so, the loop runs
//! with its checks; or the tile starts again as rows, and the loop is not written again.
//!
//! Of an access under a guard in the loop only the lanes count for which the guard holds: `if (i < stride) sum[i] +=
//! sum[i + stride]` stays below twice the stride. So it is with the test that ends a loop: only lanes go into
//! `for (i = lane; i < count; i += width)` that are below the count, however large their first number may be.
//!
//! `ranges` says how they are found. A range is of whole numbers of which one is congruent to the value modulo the width of its
//! type, so that additions and multiplications may wrap around; widening asks that the number itself fits.

mod ranges;

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::Emitter;
use super::bounds::Bounds;
use super::values::of_row;
use crate::kernel::{Block, Inst, Op, Terminator, Type, Value};
use crate::simt::code::{Label, Operand, scalar};
use crate::simt::loops::Loop;
use crate::simt::origin::Origin;
use crate::simt::shape::Lanes;
use ranges::Ranges;

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
                    // Their offsets themselves do not matter.
                    self.offsets(range, &mut conditions);
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
