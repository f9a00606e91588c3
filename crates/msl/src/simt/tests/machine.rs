//! Runs a schedule as the emitted code does, and each thread by itself, and compares.

use std::collections::{HashMap, HashSet};

use super::graphs::index;
use crate::kernel::interpret::arithmetic;
use crate::kernel::{Axis, Block, Function, Inst, LaunchValue, Op, Target, Terminator, Value};
use crate::simt::loops::{Loop, Nest};
use crate::simt::schedule::{Activity, Next, Schedule};
use crate::simt::shape::{Lanes, Shapes};
use crate::simt::{Plan, Threads};

/// Most lanes that a plan has.
const LANES: usize = crate::SIMD_WIDTH as usize;
/// Blocks that a tile may run.
const FUEL: usize = 200_000;

/// Where the threads of a tile are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tile {
    pub(super) position: [u32; 2],
    pub(super) count: u32,
    pub(super) threads_per_grid: [u32; 2],
}

/// A block that a thread has run, and all that it has computed there.
type Visit = (Block, Vec<u128>);
/// A value for each lane.
type Row = [u128; LANES];

pub(super) struct Machine<'a> {
    function: &'a Function,
    nest: &'a Nest,
    shapes: &'a Shapes,
    schedule: &'a Schedule,
    plan: &'a Plan,
    tile: Tile,
    /// By value, for each row that has its own. Of what is uniform or affine only lane 0 is there.
    values: Vec<Vec<Row>>,
    flags: HashMap<Block, bool>,
    masks: HashMap<Block, Vec<u32>>,
    /// By thread.
    visits: Vec<Vec<Visit>>,
    /// Times that lanes have come to the headers of loops, by thread.
    iterations: Vec<HashMap<Loop, u32>>,
    /// Which blocks have run, and in which iterations of the loops around them.
    seen: HashSet<(Block, Vec<u32>)>,
    effects: bool,
}

/// The tile starts again as rows.
struct Restart;

impl<'a> Machine<'a> {
    pub(super) fn new(
        function: &'a Function,
        nest: &'a Nest,
        shapes: &'a Shapes,
        schedule: &'a Schedule,
        plan: &'a Plan,
        tile: Tile,
    ) -> Self {
        let threads = (plan.lanes * plan.rows) as usize;
        let rows = |value: Value| if shapes.of(value).rows { plan.rows as usize } else { 1 };
        // Garbage: what was never written is never read by a lane that matters.
        let garbage = 0x5a5a_5a5a_5a5a_5a5a;
        Self {
            function,
            nest,
            shapes,
            schedule,
            plan,
            tile,
            values: function.values.iter().map(|(value, _)| vec![[garbage; LANES]; rows(value)]).collect(),
            flags: HashMap::new(),
            masks: HashMap::new(),
            visits: vec![Vec::new(); threads],
            iterations: vec![HashMap::new(); threads],
            seen: HashSet::new(),
            effects: false,
        }
    }

    /// Runs the tile and compares. Whether it has to start again as rows, which is fine if nothing can be seen of it.
    pub(super) fn run(mut self) -> Result<bool, String> {
        match self.execute()? {
            Ok(()) => self.compare().map(|()| false),
            Err(Restart) if self.effects => Err("starts again after others could see something".into()),
            Err(Restart) => Ok(true),
        }
    }

    fn lanes(&self) -> usize {
        self.plan.lanes as usize
    }

    fn rows(&self) -> usize {
        self.plan.rows as usize
    }

    fn all(&self) -> Vec<u32> {
        let mask =
            if self.plan.full { self.plan.all_lanes() } else { ((1u64 << self.tile.count) - 1) as u32 };
        vec![mask; self.rows()]
    }

    fn compare(&self) -> Result<(), String> {
        let names = crate::kernel::Names::new(self.function);
        let all = self.all();
        for thread in 0..self.visits.len() {
            let (row, lane) = (thread / self.lanes(), thread % self.lanes());
            let (got, want) = (&self.visits[thread], self.alone(row, lane)?);
            if all[row] >> lane & 1 == 0 {
                if got.is_empty() {
                    continue;
                }
                return Err(format!("thread {thread} runs, but does not exist"));
            }
            if *got == want {
                continue;
            }
            let at = got.iter().zip(&want).take_while(|(a, b)| a == b).count();
            let show = |visits: &[Visit]| match visits.get(at) {
                Some((block, values)) => format!("{} with {values:x?}", names.block(*block)),
                None => "its end".into(),
            };
            let way: Vec<_> = want.iter().take(at).map(|(block, _)| names.block(*block)).collect();
            return Err(format!(
                "thread {thread} (row {row} lane {lane}) after {} comes to {}, by itself to {}",
                way.join(" "),
                show(got),
                show(&want)
            ));
        }
        Ok(())
    }

    // One thread by itself.

    fn alone(&self, row: usize, lane: usize) -> Result<Vec<Visit>, String> {
        let mut values: HashMap<Value, u128> = HashMap::new();
        let mut visits = Vec::new();
        let mut block = self.nest.order[0];
        for _ in 0..FUEL {
            let data = &self.function.blocks[block];
            let read = |values: &HashMap<Value, u128>, value: Value| {
                self.function.constant_bits(value).or_else(|| values.get(&value).copied()).unwrap_or_default()
            };
            for inst in &data.instructions {
                let instruction = &self.function.instructions[*inst];
                let operands: Vec<u128> = instruction.operands.iter().map(|v| read(&values, *v)).collect();
                if let Some(result) = instruction.results.first() {
                    let bits = self.compute(*inst, &operands, row, lane)?;
                    values.insert(*result, bits);
                }
            }
            visits.push((block, self.made(block).map(|v| read(&values, v)).collect()));
            let chosen = self.chosen(block, |v| read(&values, v));
            let Some(target) = chosen.map(|i| data.terminator.targets()[i]) else { return Ok(visits) };
            let parameters = &self.function.blocks[target.block].parameters;
            let arguments: Vec<u128> = target.arguments.iter().map(|v| read(&values, *v)).collect();
            values.extend(parameters.iter().copied().zip(arguments));
            block = target.block;
        }
        Err("a thread does not end by itself".into())
    }

    /// What a block computes.
    fn made(&self, block: Block) -> impl Iterator<Item = Value> + use<'a> {
        let function = self.function;
        let data = &function.blocks[block];
        data.parameters
            .iter()
            .chain(data.instructions.iter().flat_map(move |i| &function.instructions[*i].results))
            .copied()
    }

    /// The position of the target that control goes to; none for a return.
    fn chosen(&self, block: Block, read: impl Fn(Value) -> u128) -> Option<usize> {
        match &self.function.blocks[block].terminator {
            Terminator::Return => None,
            Terminator::Jump(_) => Some(0),
            Terminator::Branch { condition, .. } => Some(usize::from(read(*condition) & 1 == 0)),
            Terminator::Switch { value, cases, .. } => {
                let value = read(*value);
                Some(cases.iter().position(|(bits, _)| *bits == value).map_or(0, |i| i + 1))
            }
        }
    }

    fn compute(&self, inst: Inst, operands: &[u128], row: usize, lane: usize) -> Result<u128, String> {
        let data = &self.function.instructions[inst];
        let ty = self.function.ty(data.results[0]);
        let from = data.operands.first().map(|v| self.function.ty(*v));
        let [x0, y0] = self.tile.position;
        let (lane, row) = (lane as u32, row as u32);
        let bits = match data.op {
            Op::Binary(op) => arithmetic::binary(op, ty, operands[0], operands[1])?,
            Op::IntCompare(op) => {
                arithmetic::int_compare(op, from.unwrap_or(ty), operands[0], operands[1]).into()
            }
            Op::Cast(op) => arithmetic::cast(op, from.unwrap_or(ty), ty, operands[0]),
            Op::Select => operands[if operands[0] & 1 == 1 { 1 } else { 2 }],
            Op::Argument(_) => 0,
            Op::Launch(LaunchValue::ThreadsPerGrid, axis) => {
                self.tile.threads_per_grid[usize::from(axis == Axis::Y)].into()
            }
            Op::SimdLane => lane.into(),
            Op::ThreadIndex => (x0 + lane + self.plan.lanes * row).into(),
            Op::ThreadPosition(axis) | Op::GridPosition(axis) if self.plan.threads == Threads::General => {
                // Threadgroups that are five threads wide.
                let index = x0 + lane;
                (if axis == Axis::X { index % 5 } else { index / 5 }).into()
            }
            Op::ThreadPosition(axis) | Op::GridPosition(axis) => match (axis, self.plan.across) {
                (Axis::X, Axis::X) => x0 + lane + self.plan.lanes * row,
                (Axis::X, _) => x0 + lane,
                (_, Axis::Y) => y0 + row,
                _ => y0,
            }
            .into(),
            other => return Err(format!("{} is not modelled", other.name())),
        };
        Ok(bits & ty.mask())
    }

    // The schedule.

    fn value(&self, value: Value, row: usize, lane: usize) -> u128 {
        if let Some(bits) = self.function.constant_bits(value) {
            return bits;
        }
        let rows = &self.values[index(value)];
        let values = &rows[if rows.len() == 1 { 0 } else { row }];
        match self.shapes.of(value).lanes {
            Lanes::Uniform => values[0],
            Lanes::Affine(stride) => {
                let step = (stride as i128 as u128).wrapping_mul(lane as u128);
                values[0].wrapping_add(step) & self.function.ty(value).mask()
            }
            Lanes::Speculative(_) | Lanes::Varying => values[lane],
        }
    }

    /// Lane 0 of what is not varying.
    fn base(&self, value: Value, row: usize) -> Result<u128, String> {
        match self.shapes.of(value).lanes {
            Lanes::Varying => Err(format!("{value:?} has no base")),
            _ => Ok(self.value(value, row, 0)),
        }
    }

    fn has_rows(&self, value: Value) -> usize {
        if self.shapes.of(value).rows { self.rows() } else { 1 }
    }

    fn mask_of(&self, block: Block) -> Result<Vec<u32>, String> {
        let owner = self.shapes.mask(block);
        if owner == self.nest.order[0] {
            return Ok(self.all());
        }
        if self.schedule.activity(owner) != Activity::Mask {
            return Err(format!("{block:?} has the mask of {owner:?}, which has none"));
        }
        Ok(self.masks.get(&owner).cloned().unwrap_or_else(|| vec![0; self.rows()]))
    }

    fn reset(&mut self, level: Option<Loop>) {
        for block in &self.nest.order {
            if self.nest.level(*block) == level {
                self.flags.remove(block);
                self.masks.remove(block);
            }
        }
    }

    fn execute(&mut self) -> Result<Result<(), Restart>, String> {
        self.reset(None);
        let mut next = Next::Block(self.nest.order[0]);
        let mut asks = true;
        let names = crate::kernel::Names::new(self.function);
        for _ in 0..FUEL {
            let Next::Block(block) = next else { return Ok(Ok(())) };
            let runs = match self.schedule.activity(block) {
                _ if !asks => true,
                Activity::Direct => true,
                Activity::Flag => self.flags.get(&block).copied().unwrap_or(false),
                Activity::Mask => self.mask_of(block)?.iter().any(|m| *m != 0),
            };
            asks = true;
            if !runs {
                next = self.schedule.skip(block);
                continue;
            }
            let active = self.mask_of(block)?;
            if active.iter().all(|m| *m == 0) {
                return Err(format!("{} runs for no lane", names.block(block)));
            }
            let own = self.nest.headed_by(block);
            if own.is_some() {
                self.reset(own);
            }
            for inst in &self.function.blocks[block].instructions {
                self.instruction(*inst)?;
            }
            self.record(block, &active)?;
            match self.terminator(block, &active)? {
                Ok((to, goes_back)) => {
                    next = to;
                    asks = !goes_back;
                }
                Err(restart) => return Ok(Err(restart)),
            }
        }
        Err("does not end".into())
    }

    fn instruction(&mut self, inst: Inst) -> Result<(), String> {
        let data = &self.function.instructions[inst];
        let Some(result) = data.results.first().copied() else {
            self.effects = true;
            return Ok(());
        };
        let varies = matches!(self.shapes.of(result).lanes, Lanes::Varying | Lanes::Speculative(_));
        for row in 0..self.has_rows(result) {
            for lane in 0..if varies { self.lanes() } else { 1 } {
                let operands: Vec<u128> = data
                    .operands
                    .iter()
                    .map(|v| if varies { Ok(self.value(*v, row, lane)) } else { self.base(*v, row) })
                    .collect::<Result<_, _>>()?;
                self.values[index(result)][row][lane] = self.compute(inst, &operands, row, lane)?;
            }
        }
        Ok(())
    }

    /// Notes what the active lanes have seen.
    fn record(&mut self, block: Block, active: &[u32]) -> Result<(), String> {
        let mut fresh = HashSet::new();
        for (row, active) in active.iter().enumerate() {
            for lane in (0..self.lanes()).filter(|lane| active >> lane & 1 == 1) {
                let thread = row * self.lanes() + lane;
                let values = self.made(block).map(|v| self.value(v, row, lane)).collect();
                self.visits[thread].push((block, values));
                let iterations = &mut self.iterations[thread];
                if let Some(own) = self.nest.headed_by(block) {
                    *iterations.entry(own).or_default() += 1;
                    let inner = self.nest.all().filter(|l| {
                        *l != own && self.nest.around(self.nest.data(*l).header).any(|around| around == own)
                    });
                    inner.for_each(|l| {
                        iterations.remove(&l);
                    });
                }
                fresh.insert(self.nest.around(block).map(|l| iterations[&l]).collect::<Vec<u32>>());
            }
        }
        for iteration in fresh {
            if !self.seen.insert((block, iteration.clone())) {
                return Err(format!("{block:?} runs twice in iteration {iteration:?}"));
            }
        }
        Ok(())
    }

    /// Where control goes, and whether that is a header that need not ask whether lanes run it.
    fn terminator(&mut self, block: Block, active: &[u32]) -> Result<Result<(Next, bool), Restart>, String> {
        let function = self.function;
        let terminator = &function.blocks[block].terminator;
        let targets = terminator.targets();
        let latch_of = self.nest.innermost(block).filter(|l| self.nest.data(*l).latch == block);
        let again = latch_of.is_some_and(|l| self.shapes.divergent_loops.contains(&l));
        if targets.is_empty() {
            return Ok(Ok((self.schedule.next(block, 0), false)));
        }
        let parts = self.shapes.divergent.contains(&block);
        let takes = |this: &Self, i: usize| -> Vec<u32> {
            let lane = |row: usize, lane: usize| {
                let chosen = this.chosen(block, |v| this.value(v, row, lane));
                u32::from(chosen == Some(i)) << lane
            };
            (0..this.rows())
                .map(|row| active[row] & (0..this.lanes()).map(|l| lane(row, l)).sum::<u32>())
                .collect()
        };
        if self.shapes.asserted.contains(&block) && !parts {
            let taken: Vec<u32> = takes(self, 0);
            let chosen = match taken.iter().all(|m| *m == self.plan.all_lanes()) {
                true => 0,
                false if taken.iter().any(|m| *m != 0) => return Ok(Err(Restart)),
                false => 1,
            };
            self.edge(block, targets[chosen], active, None)?;
            return Ok(Ok((self.schedule.next(block, chosen), false)));
        }
        let is_switch = matches!(terminator, Terminator::Switch { .. });
        if parts || again && is_switch {
            let edges: Vec<_> = targets.iter().enumerate().map(|(i, t)| (*t, Some(takes(self, i)))).collect();
            return Ok(Ok(self.part(block, &edges, active)?));
        }
        let selector = terminator.selector();
        if let Some(selector) = selector {
            self.base(selector, 0)?;
        }
        let chosen = self.chosen(block, |v| self.value(v, 0, 0)).unwrap_or_default();
        if again {
            return Ok(Ok(self.part(block, &[(targets[chosen], None)], active)?));
        }
        self.edge(block, targets[chosen], active, None)?;
        Ok(Ok((self.schedule.next(block, chosen), false)))
    }

    fn part(
        &mut self,
        block: Block,
        edges: &[(&Target, Option<Vec<u32>>)],
        active: &[u32],
    ) -> Result<(Next, bool), String> {
        let position = self.nest.position(block);
        let (back, forward): (Vec<_>, Vec<_>) =
            edges.iter().partition(|(target, _)| self.nest.position(target.block) <= position);
        for (target, taken) in forward {
            self.edge(block, target, active, taken.as_deref())?;
        }
        let Some((target, taken)) = back.first() else { return Ok((self.schedule.next(block, 0), false)) };
        let masks = taken.clone().unwrap_or_else(|| active.to_vec());
        self.parameters(block, target, &masks)?;
        let header = target.block;
        if !self.nest.headed_by(header).is_some_and(|l| self.shapes.divergent_loops.contains(&l)) {
            return Err("lanes part at the end of a loop that they all go round".into());
        }
        self.masks.insert(header, masks.clone());
        if taken.is_some() && masks.iter().all(|m| *m == 0) {
            return Ok((self.schedule.skip(block), false));
        }
        Ok((Next::Block(header), true))
    }

    fn edge(
        &mut self,
        from: Block,
        target: &Target,
        active: &[u32],
        taken: Option<&[u32]>,
    ) -> Result<(), String> {
        let masks = taken.unwrap_or(active);
        self.parameters(from, target, masks)?;
        let to = target.block;
        if self.nest.position(to) <= self.nest.position(from) {
            return Ok(());
        }
        match self.schedule.activity(to) {
            Activity::Direct => {}
            Activity::Flag => {
                let node = self.nest.node(from, self.nest.level(to));
                let leads = node.is_some_and(|node| self.nest.postdominates(to, node));
                if taken.is_none() || leads || masks.iter().any(|m| *m != 0) {
                    self.flags.insert(to, true);
                }
            }
            Activity::Mask => {
                let rows = self.rows();
                let old = self.masks.entry(to).or_insert_with(|| vec![0; rows]);
                old.iter_mut().zip(masks).for_each(|(old, new)| *old |= new);
            }
        }
        Ok(())
    }

    fn parameters(&mut self, from: Block, target: &Target, masks: &[u32]) -> Result<(), String> {
        let parameters = &self.function.blocks[target.block].parameters;
        let mut new: Vec<Vec<Row>> = Vec::new();
        for (parameter, argument) in parameters.iter().zip(&target.arguments) {
            let shape = self.shapes.of(*parameter);
            let one = matches!(shape.lanes, Lanes::Uniform | Lanes::Affine(_));
            let mut rows = Vec::new();
            for row in 0..self.has_rows(*parameter) {
                if one {
                    rows.push([self.base(*argument, row)?; LANES]);
                } else {
                    rows.push(std::array::from_fn(|lane| self.value(*argument, row, lane)));
                }
            }
            if !shape.rows && self.shapes.of(*argument).rows {
                return Err(format!("{argument:?} of several rows goes to {parameter:?} of one"));
            }
            new.push(rows);
        }
        for (position, (parameter, new)) in parameters.iter().zip(new).enumerate() {
            let varies = matches!(self.shapes.of(*parameter).lanes, Lanes::Varying | Lanes::Speculative(_));
            let blends = varies && self.shapes.merges(from, target.block, position);
            for (row, new) in new.into_iter().enumerate() {
                for (lane, new) in new.into_iter().enumerate() {
                    if !blends || masks[row] >> lane & 1 == 1 {
                        self.values[index(*parameter)][row][lane] = new;
                    }
                }
            }
        }
        Ok(())
    }
}
