//! How values vary from lane to lane, and where control does.
//!
//! A divergence analysis in the manner of Sampaio et al., *Divergence Analysis* (TOPLAS 2013): values start out
//! uniform and are raised until nothing changes. Masks are found along with it: two blocks have the same *mask* if all
//! lanes that enter one in an iteration of the loop around it enter the other as well.

use std::collections::HashSet;

use super::loops::{Loop, Nest};
use super::origin::{Origin, Origins};
use super::{Plan, Threads};
use crate::SIMD_WIDTH;
use crate::kernel::{
    Access, Axis, Binary, Block, Cast, Definition, Function, Inst, Key, Op, Terminator, Type, Value,
};

/// How a value varies over the lanes of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lanes {
    /// The same in all active lanes.
    Uniform,
    /// Lane l has the value of lane 0 plus l times this, modulo the width of its type.
    Affine(i64),
    /// As affine if no narrower integer on the way wrapped around, which is known when it is computed.
    Speculative(i64),
    Varying,
}

/// How a value varies over the threads of a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) lanes: Lanes,
    /// Whether each row of the tile has its own.
    pub(super) rows: bool,
}

impl Shape {
    pub(super) const UNIFORM: Self = Self { lanes: Lanes::Uniform, rows: false };

    /// The same for all threads of a tile.
    pub(super) fn is_uniform(self) -> bool {
        self == Self::UNIFORM
    }

    fn join(self, other: Self) -> Self {
        use Lanes::{Affine, Speculative, Uniform, Varying};
        let lanes = match (self.lanes, other.lanes) {
            (a, b) if a == b => a,
            (Affine(a) | Speculative(a), Affine(b) | Speculative(b)) if a == b => Speculative(a),
            (Uniform, _) | (_, Uniform) | (Affine(_) | Speculative(_) | Varying, _) => Varying,
        };
        Self { lanes, rows: self.rows || other.rows }
    }
}

/// What is known of all values and blocks.
#[derive(Debug)]
pub(super) struct Shapes {
    shapes: Vec<Option<Shape>>,
    masks: Vec<Option<Block>>,
    /// Blocks at whose end active lanes may part.
    pub(super) divergent: HashSet<Block>,
    /// Blocks at whose end lanes seldom part; the code for full tiles gives up if they do.
    pub(super) asserted: HashSet<Block>,
    /// Loops that lanes leave at different times.
    pub(super) divergent_loops: HashSet<Loop>,
    /// Edges (from, to) and positions of parameters that give values to some lanes only.
    merges: HashSet<(Block, Block, usize)>,
}

impl Shapes {
    pub(super) fn new(function: &Function, nest: &Nest, origins: &Origins, plan: &Plan) -> Self {
        let shapes = Self {
            shapes: vec![None; function.values.len()],
            masks: vec![None; function.blocks.len()],
            divergent: HashSet::new(),
            asserted: HashSet::new(),
            divergent_loops: HashSet::new(),
            merges: HashSet::new(),
        };
        let mut analysis = Analysis { function, nest, origins, plan, result: shapes, changed: true };
        while std::mem::take(&mut analysis.changed) {
            analysis.find_masks();
            analysis.raise_values();
            analysis.find_divergence();
        }
        analysis.result
    }

    /// The shape of a value; constants are uniform.
    pub(super) fn of(&self, value: Value) -> Shape {
        self.shapes.get(value.index()).copied().flatten().unwrap_or(Shape::UNIFORM)
    }

    /// Whether an edge gives a parameter values for the lanes that take it only.
    pub(super) fn merges(&self, from: Block, to: Block, position: usize) -> bool {
        self.merges.contains(&(from, to, position))
    }

    /// The block whose mask a block has; the first block's is that of all threads.
    pub(super) fn mask(&self, block: Block) -> Block {
        self.masks[block.index()].unwrap_or(block)
    }

    /// Whether nothing that blocks do can be seen by others.
    pub(super) fn is_quiet(&self, function: &Function, blocks: &[Block]) -> bool {
        let mut insts = blocks.iter().flat_map(|block| &function.blocks[*block].instructions);
        insts.all(|inst| !has_effect(function.instructions[*inst].op))
    }
}

struct Analysis<'a> {
    function: &'a Function,
    nest: &'a Nest,
    origins: &'a Origins,
    plan: &'a Plan,
    result: Shapes,
    changed: bool,
}

impl Analysis<'_> {
    fn find_masks(&mut self) {
        loop {
            self.masks_once();
            let found: Vec<Loop> = self
                .nest
                .all()
                .filter(|l| !self.result.divergent_loops.contains(l) && self.parts(*l))
                .collect();
            if found.is_empty() {
                return;
            }
            self.changed = true;
            self.result.divergent_loops.extend(found);
        }
    }

    /// Whether some lanes may leave a loop while others stay.
    fn parts(&self, l: Loop) -> bool {
        let data = self.nest.data(l);
        let whole = self.result.mask(data.header);
        self.nest.order[data.span.clone()].iter().any(|block| {
            let leaves = self.targets(*block).iter().any(|t| !self.nest.contains(l, *t))
                || matches!(self.function.blocks[*block].terminator, Terminator::Return);
            (leaves || *block == data.latch)
                && (self.result.mask(*block) != whole || self.result.divergent.contains(block))
        })
    }

    fn targets(&self, block: Block) -> Vec<Block> {
        self.function.blocks[block].terminator.targets().iter().map(|t| t.block).collect()
    }

    fn masks_once(&mut self) {
        let mut entry: Vec<Option<Block>> = vec![None; self.function.blocks.len()];
        let mut into = vec![Vec::new(); self.function.blocks.len()];
        for block in &self.nest.order {
            for target in self.targets(*block) {
                if self.nest.position(target) > self.nest.position(*block) {
                    into[target.index()].push(*block);
                }
            }
        }
        for &block in &self.nest.order {
            // With what mask the block, or the loop that it heads, is entered.
            let mask = self.equivalent(block, &entry).or_else(|| {
                let mut sources = into[block.index()].iter();
                let first = sources.next().map(|from| self.passes(*from, block))?;
                sources.all(|from| self.passes(*from, block) == first).then_some(first).flatten()
            });
            let mask = mask.unwrap_or(block);
            let diverges =
                self.nest.headed_by(block).is_some_and(|l| self.result.divergent_loops.contains(&l));
            // What would be the loop's own mask loses the lanes that leave the loop: nothing after it has that mask.
            entry[block.index()] = (!diverges || mask != block).then_some(mask);
            self.result.masks[block.index()] = Some(if diverges { block } else { mask });
        }
    }

    /// The mask that all ways out of a block have, if lanes do not part there, as long as they wait at `to`.
    fn passes(&self, block: Block, to: Block) -> Option<Block> {
        // In the next iteration of a loop, lanes that have left it are in none of its masks.
        let stays = |l: &Loop| {
            let data = self.nest.data(*l);
            self.nest.contains(*l, to)
                || block == data.latch
                || !self.result.divergent_loops.contains(l)
                || self.result.mask(block) == data.header
        };
        let holds = !self.result.divergent.contains(&block) && self.nest.around(block).all(|l| stays(&l));
        holds.then(|| self.result.masks[block.index()]).flatten()
    }

    /// The mask of a node before this one that just the same lanes reach.
    fn equivalent(&self, block: Block, entry: &[Option<Block>]) -> Option<Block> {
        let level = self.nest.level(block);
        let mut above = self.nest.dominator(block);
        while let Some(dominator) = above {
            let node = self.nest.node(dominator, level)?;
            if self.nest.postdominates(block, node) {
                let header = level.map(|l| self.nest.data(l).header);
                return if header == Some(node) {
                    self.result.masks[node.index()]
                } else {
                    entry[node.index()]
                };
            }
            if level.is_some_and(|l| self.nest.data(l).header == node) {
                return None;
            }
            above = self.nest.dominator(node);
        }
        None
    }

    fn find_divergence(&mut self) {
        for &block in &self.nest.order {
            let Some(selector) = self.function.blocks[block].terminator.selector() else { continue };
            if self.result.divergent.contains(&block) || self.result.of(selector).is_uniform() {
                continue;
            }
            if self.may_assert(block, selector) {
                self.changed |= self.result.asserted.insert(block);
            } else {
                self.changed = true;
                self.result.asserted.remove(&block);
                self.result.divergent.insert(block);
            }
        }
    }

    /// Whether the code for full tiles may give up at the end of a block and start again as the other code: nothing has
    /// been done yet that shows, and lanes part for their position only.
    fn may_assert(&self, block: Block, selector: Value) -> bool {
        if !self.plan.full || !self.plan.may_restart || self.nest.innermost(block).is_some() {
            return false;
        }
        let position = self.nest.position(block);
        if !self.result.is_quiet(self.function, &self.nest.order[..=position]) {
            return false;
        }
        matches!(self.function.blocks[block].terminator, Terminator::Branch { .. })
            && self.result.mask(block) == self.nest.order[0]
            && self.is_about_position(selector, 8)
    }

    /// Whether a condition compares positions with values that all threads share.
    fn is_about_position(&self, value: Value, depth: u32) -> bool {
        let shape = self.result.of(value);
        if shape.lanes != Lanes::Varying {
            return true;
        }
        let Definition::Result(inst, _) = self.function.values[value].definition else { return false };
        let data = &self.function.instructions[inst];
        let plain = matches!(
            data.op,
            Op::IntCompare(_)
                | Op::Select
                | Op::Binary(
                    Binary::And
                        | Binary::Or
                        | Binary::Xor
                        | Binary::Add
                        | Binary::Sub
                        | Binary::Mul
                        | Binary::SMin
                        | Binary::SMax
                        | Binary::UMin
                        | Binary::UMax
                )
                | Op::Cast(Cast::ZExt | Cast::SExt | Cast::Trunc)
        );
        plain && depth > 0 && data.operands.iter().all(|o| self.is_about_position(*o, depth - 1))
    }

    fn raise_values(&mut self) {
        let mut again = true;
        while std::mem::take(&mut again) {
            for i in 0..self.nest.order.len() {
                let block = self.nest.order[i];
                for inst in &self.function.blocks[block].instructions {
                    again |= self.raise_results(*inst);
                }
                let terminator = &self.function.blocks[block].terminator;
                for target in terminator.targets() {
                    let parameters = &self.function.blocks[target.block].parameters;
                    for (position, parameter) in parameters.iter().enumerate() {
                        let argument = target.arguments[position];
                        let Some(mut shape) = self.known(argument) else { continue };
                        if self.merges_lanes(block, target.block, position) {
                            self.result.merges.insert((block, target.block, position));
                            shape.lanes = Lanes::Varying;
                            shape.rows |= self.plan.rows > 1;
                        }
                        again |= self.raise(*parameter, shape);
                    }
                }
            }
            self.changed |= again;
        }
    }

    /// Whether lanes may come with different values for a parameter along different edges, or at different times.
    fn merges_lanes(&self, from: Block, to: Block, position: usize) -> bool {
        let mut edges = Vec::new();
        for &block in &self.nest.order {
            for target in self.function.blocks[block].terminator.targets() {
                if target.block == to {
                    edges.push((block, target.arguments[position]));
                }
            }
        }
        let argument = edges.iter().find(|(block, _)| *block == from).map(|(_, argument)| *argument);
        // A value from inside of a loop that lanes leave at different times is of different times.
        if self.nest.around(from).any(|l| {
            self.result.divergent_loops.contains(&l)
                && !self.nest.contains(l, to)
                && argument.is_some_and(|a| self.is_defined_in(a, l))
        }) {
            return true;
        }
        // What comes round a loop replaces what came before, for all lanes that matter.
        let back = |block: Block| self.nest.position(to) <= self.nest.position(block);
        let forward: Vec<_> = edges.iter().filter(|(block, _)| !back(*block)).collect();
        if back(from) || forward.iter().all(|(_, a)| *a == forward[0].1) {
            return false;
        }
        let mask = self.result.mask(forward[0].0);
        forward
            .iter()
            .any(|(block, _)| self.result.divergent.contains(block) || self.result.mask(*block) != mask)
            || !self.is_whole(to, mask)
    }

    /// Whether a block, or the loop it heads, is entered with this mask.
    fn is_whole(&self, block: Block, mask: Block) -> bool {
        match self.nest.headed_by(block) {
            Some(l) if self.result.divergent_loops.contains(&l) => true,
            _ => self.result.mask(block) == mask,
        }
    }

    fn is_defined_in(&self, value: Value, l: Loop) -> bool {
        match self.function.values[value].definition {
            Definition::Constant(_) => false,
            Definition::Parameter(block, _) => self.nest.contains(l, block),
            Definition::Result(inst, _) => self.nest.order[self.nest.data(l).span.clone()]
                .iter()
                .any(|block| self.function.blocks[*block].instructions.contains(&inst)),
        }
    }

    fn known(&self, value: Value) -> Option<Shape> {
        if self.function.constant_bits(value).is_some() {
            return Some(Shape::UNIFORM);
        }
        self.result.shapes[value.index()]
    }

    fn raise(&mut self, value: Value, shape: Shape) -> bool {
        let old = self.result.shapes[value.index()];
        let mut new = old.map_or(shape, |old| old.join(shape));
        let ty = self.function.ty(value);
        if !(ty.is_int() || ty.is_pointer()) && matches!(new.lanes, Lanes::Affine(_) | Lanes::Speculative(_))
        {
            new.lanes = Lanes::Varying;
        }
        self.result.shapes[value.index()] = Some(new);
        old != Some(new)
    }

    fn raise_results(&mut self, inst: Inst) -> bool {
        let data = &self.function.instructions[inst];
        if data.results.is_empty() {
            return false;
        }
        let mut operands = Vec::with_capacity(data.operands.len());
        for operand in &data.operands {
            match self.known(*operand) {
                Some(shape) => operands.push(shape),
                // Not reached yet: comes round a loop.
                None => return false,
            }
        }
        // What looks at addresses depends on which memory they are in, too.
        if !matches!(data.op, Op::PtrAdd | Op::Select | Op::Cast(Cast::Space)) {
            for which in data.operands.iter().filter_map(|operand| self.origins.which(*operand)) {
                match self.known(which) {
                    Some(shape) => operands.push(shape),
                    None => return false,
                }
            }
        }
        let shape = self.transfer(inst, &operands);
        let mut changed = false;
        for result in &data.results {
            changed |= self.raise(*result, shape);
        }
        changed
    }

    fn transfer(&self, inst: Inst, operands: &[Shape]) -> Shape {
        let data = &self.function.instructions[inst];
        let rows = operands.iter().any(|o| o.rows);
        let shape = |lanes| Shape { lanes, rows };
        let across = |axis| self.plan.rows > 1 && self.plan.across == axis;
        let straight = self.plan.threads != Threads::General;
        let lanes = match data.op {
            Op::GridPosition(axis) | Op::ThreadPosition(axis) => {
                let lanes = match (straight, axis) {
                    (false, _) => Lanes::Varying,
                    (true, Axis::X) => Lanes::Affine(1),
                    (true, _) => Lanes::Uniform,
                };
                return Shape { lanes, rows: across(axis) };
            }
            Op::ThreadIndex => return Shape { lanes: Lanes::Affine(1), rows: self.plan.rows > 1 },
            Op::SimdLane => Lanes::Affine(1),
            Op::Argument(_) | Op::Variable(_) | Op::Launch(..) => Lanes::Uniform,
            // Each row has active lanes of its own.
            Op::Ballot | Op::Collective(_) | Op::Shuffle => {
                let lanes = match data.op {
                    Op::Ballot => Lanes::Uniform,
                    Op::Collective(collective) if collective.is_uniform() => Lanes::Uniform,
                    Op::Shuffle if operands[1].lanes == Lanes::Uniform => Lanes::Uniform,
                    _ => Lanes::Varying,
                };
                return Shape { lanes, rows: self.plan.rows > 1 };
            }
            // Each thread of each row finds what the one before it has left.
            Op::Modify(_) | Op::CompareExchange => {
                return Shape { lanes: Lanes::Varying, rows: self.plan.rows > 1 };
            }
            Op::Load(_) => {
                if self.origins.may_be_private(data.operands[0]) {
                    return Shape { lanes: Lanes::Varying, rows: self.plan.rows > 1 };
                }
                match operands.iter().all(|o| o.lanes == Lanes::Uniform) {
                    true => Lanes::Uniform,
                    false => Lanes::Varying,
                }
            }
            Op::Cast(Cast::PtrToInt) | Op::IntCompare(_) if self.sees_private(inst) => {
                return Shape { lanes: Lanes::Varying, rows: self.plan.rows > 1 };
            }
            _ if operands.iter().all(|o| o.lanes == Lanes::Uniform) => Lanes::Uniform,
            _ => self.arithmetic(inst, operands),
        };
        shape(lanes)
    }

    /// Whether an operation looks at addresses of memory of which each lane has its own.
    fn sees_private(&self, inst: Inst) -> bool {
        let data = &self.function.instructions[inst];
        if let [a, b] = data.operands[..]
            && self.origins.of(a) == self.origins.of(b)
            && self.origins.of(a) != Origin::Several
        {
            return false;
        }
        data.operands.iter().any(|o| self.origins.may_be_private(*o))
    }

    /// Operations that keep values affine; at least one operand is not uniform.
    fn arithmetic(&self, inst: Inst, operands: &[Shape]) -> Lanes {
        let data = &self.function.instructions[inst];
        let ty = self.function.ty(data.results[0]);
        if !(ty.is_int() || ty.is_pointer()) || ty.bits() < 8 || ty.bits() > 64 {
            return Lanes::Varying;
        }
        let constant = |i: usize| {
            self.function
                .constant_bits(data.operands[i])
                .map(|bits| signed(bits, self.function.ty(data.operands[i])))
        };
        let strides: Vec<Option<i64>> = operands.iter().map(|o| stride(o.lanes)).collect();
        let speculative = operands.iter().any(|o| matches!(o.lanes, Lanes::Speculative(_)));
        let affine = |stride: i64| match (wrap(stride, ty), speculative) {
            (stride, true) => Lanes::Speculative(stride),
            (0, false) => Lanes::Uniform,
            (stride, false) => Lanes::Affine(stride),
        };
        let both = |combine: fn(i64, i64) -> i64| match (strides[0], strides[1]) {
            (Some(a), Some(b)) => affine(combine(a, b)),
            _ => Lanes::Varying,
        };
        match data.op {
            Op::Binary(Binary::Add) | Op::PtrAdd => both(i64::wrapping_add),
            Op::Binary(Binary::Sub) => both(i64::wrapping_sub),
            Op::Binary(Binary::Mul) => match (strides[0], constant(0), strides[1], constant(1)) {
                (Some(a), _, _, Some(b)) | (_, Some(b), Some(a), _) => affine(a.wrapping_mul(b)),
                _ => Lanes::Varying,
            },
            Op::Binary(Binary::Shl) => match (strides[0], constant(1)) {
                (Some(a), Some(b)) if (0..i64::from(ty.bits())).contains(&b) => {
                    affine(a.wrapping_shl(b as u32))
                }
                _ => Lanes::Varying,
            },
            // Bits that are not set in the other operand are added.
            Op::Binary(Binary::Or) => match (strides[0], constant(1)) {
                (Some(a), Some(b))
                    if b >= 0 && is_below(b, trailing_zeros(self.function, data.operands[0], 8)) =>
                {
                    affine(a)
                }
                _ => Lanes::Varying,
            },
            Op::Binary(Binary::And) if self.counts_lanes(data.operands[0]) => match constant(1) {
                Some(mask) if mask == i64::from(SIMD_WIDTH) - 1 => Lanes::Affine(1),
                _ => Lanes::Varying,
            },
            Op::Binary(Binary::URem) if self.counts_lanes(data.operands[0]) => match constant(1) {
                Some(n) if n == i64::from(SIMD_WIDTH) => Lanes::Affine(1),
                _ => Lanes::Varying,
            },
            Op::Binary(Binary::LShr) if self.counts_lanes(data.operands[0]) => match constant(1) {
                Some(n) if (5..i64::from(ty.bits())).contains(&n) => Lanes::Uniform,
                _ => Lanes::Varying,
            },
            Op::Binary(Binary::UDiv) if self.counts_lanes(data.operands[0]) => match constant(1) {
                Some(n) if n > 0 && n % i64::from(SIMD_WIDTH) == 0 => Lanes::Uniform,
                _ => Lanes::Varying,
            },
            Op::Select if operands[0].lanes == Lanes::Uniform => operands[1].join(operands[2]).lanes,
            Op::Cast(Cast::Space) => operands[0].lanes,
            Op::Cast(Cast::Trunc) => strides[0].map_or(Lanes::Varying, affine),
            Op::Cast(Cast::ZExt)
                if operands[0].lanes == Lanes::Affine(1) && self.is_position(data.operands[0]) =>
            {
                Lanes::Affine(1)
            }
            Op::Cast(Cast::ZExt | Cast::SExt) => match strides[0] {
                Some(stride) if self.function.ty(data.operands[0]).bits() >= 16 => Lanes::Speculative(stride),
                _ => Lanes::Varying,
            },
            _ => Lanes::Varying,
        }
    }

    /// Whether a value counts threads from the first of a SIMD-group.
    fn counts_lanes(&self, value: Value) -> bool {
        let Definition::Result(inst, _) = self.function.values[value].definition else { return false };
        match self.function.instructions[inst].op {
            Op::ThreadIndex | Op::SimdLane => true,
            Op::ThreadPosition(Axis::X) => self.plan.threads == Threads::Straight,
            Op::Cast(Cast::ZExt) => self.counts_lanes(self.function.instructions[inst].operands[0]),
            _ => false,
        }
    }

    /// Whether a value is a position, which does not wrap around within a row.
    fn is_position(&self, value: Value) -> bool {
        let Definition::Result(inst, _) = self.function.values[value].definition else { return false };
        matches!(
            self.function.instructions[inst].op,
            Op::ThreadIndex | Op::SimdLane | Op::ThreadPosition(Axis::X) | Op::GridPosition(Axis::X)
        )
    }
}

/// Whether an operation does more than give a result, or gives what others decide.
pub(super) fn has_effect(op: Op) -> bool {
    matches!(
        op,
        Op::Store(_)
            | Op::Load(Access::Volatile | Access::Atomic)
            | Op::Modify(_)
            | Op::CompareExchange
            | Op::CopyMemory
            | Op::SetMemory
            | Op::Fence
            | Op::ThreadgroupBarrier
            | Op::SimdgroupBarrier
            | Op::Unreachable
    )
}

/// Bits of a constant as a signed number.
pub(super) fn signed(bits: u128, ty: Type) -> i64 {
    wrap(bits as i64, ty)
}

/// A number modulo the width of a type, as a signed number.
fn wrap(value: i64, ty: Type) -> i64 {
    let unused = 64u32.saturating_sub(ty.bits());
    value << unused >> unused
}

fn stride(lanes: Lanes) -> Option<i64> {
    match lanes {
        Lanes::Uniform => Some(0),
        Lanes::Affine(stride) | Lanes::Speculative(stride) => Some(stride),
        Lanes::Varying => None,
    }
}

fn is_below(value: i64, bits: u32) -> bool {
    bits >= 63 || value < 1 << bits
}

/// Low bits of a value that are known to be zero.
pub(super) fn trailing_zeros(function: &Function, value: Value, depth: u32) -> u32 {
    let bits = function.ty(value).bits();
    if let Some(constant) = function.constant_bits(value) {
        return constant.trailing_zeros().min(bits);
    }
    let Definition::Result(inst, _) = function.values[value].definition else { return 0 };
    let data = &function.instructions[inst];
    if depth == 0 {
        return 0;
    }
    let of = |i: usize| trailing_zeros(function, data.operands[i], depth - 1);
    let known = match data.op {
        Op::Binary(Binary::Shl) => match function.constant_bits(data.operands[1]) {
            Some(amount) => of(0) + amount.min(128) as u32,
            None => of(0),
        },
        Op::Binary(Binary::Mul) => of(0) + of(1),
        Op::Binary(Binary::Add | Binary::Sub | Binary::Or) | Op::PtrAdd => of(0).min(of(1)),
        Op::Binary(Binary::And) => of(0).max(of(1)),
        Op::Select => of(1).min(of(2)),
        Op::Cast(Cast::ZExt | Cast::SExt | Cast::Trunc | Cast::Space) => of(0),
        // Offsets from the start of a memory.
        Op::Argument(_) | Op::Variable(_) => bits,
        _ => 0,
    };
    known.min(bits)
}
