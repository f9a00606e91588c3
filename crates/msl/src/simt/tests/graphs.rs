//! Random kernels: reducible control flow of any kind, with values that differ between threads or do not.

use std::collections::HashMap;

use crate::kernel::{
    Access, Axis, Binary, Block, Cast, Flow, Function, Inst, Key, LaunchValue, Op, Space, Target, Terminator,
    Type, Value, op::IntCompare,
};
use crate::simt::loops::Nest;

/// Nesting of loops.
const DEPTH: u32 = 3;
/// Iterations of a loop at most.
const ITERATIONS: u128 = 4;

/// What a random kernel may have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    /// Blocks of a level at most.
    pub(super) width: usize,
    /// It knows of threadgroups.
    pub(super) groups: bool,
    /// Loops are entered from a block of their own, and left to blocks that nothing else leads to, as LLVM has them.
    pub(super) simple_loops: bool,
}

/// A kernel that ends; each thread's way through it depends on its position and the launch only.
pub(super) fn random(random: &mut fastrand::Rng, style: Style) -> Function {
    let mut maker = Maker { random, style, function: Function::default(), counted: HashMap::new() };
    maker.function.name = "random".into();
    let end = maker.function.add_block();
    let entry = maker.level(DEPTH, &[end]);
    maker.lay_out(entry);
    if style.simple_loops {
        maker.simplify();
        maker.lay_out(entry);
    }
    maker.fill();
    maker.function
}

struct Maker<'a> {
    random: &'a mut fastrand::Rng,
    style: Style,
    function: Function,
    /// Blocks at which a loop ends after some iterations at the latest: its header, and the target that leaves.
    counted: HashMap<Block, (Block, usize)>,
}

impl Maker<'_> {
    fn chance(&mut self, percent: u32) -> bool {
        self.random.u32(..100) < percent
    }

    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.random.usize(..items.len())]
    }

    /// Blocks and loops one after the other, from which control leaves to one of `outside`; gives the first block.
    fn level(&mut self, depth: u32, outside: &[Block]) -> Block {
        let nodes = self.random.usize(1..=self.style.width);
        let mut inside: Vec<Block> = Vec::new();
        for _ in 0..nodes {
            let first = if depth > 0 && self.chance(30) {
                self.cycle(depth - 1, &inside, outside)
            } else {
                let block = self.function.add_block();
                let terminator = self.terminator(&inside, outside);
                self.function.blocks[block].terminator = terminator;
                block
            };
            inside.insert(0, first);
        }
        // Where control starts nothing leads back to.
        if depth == DEPTH {
            let block = self.function.add_block();
            self.function.blocks[block].terminator = self.terminator(&inside, outside);
            return block;
        }
        inside[0]
    }

    /// A loop; gives its header.
    fn cycle(&mut self, depth: u32, after: &[Block], outside: &[Block]) -> Block {
        let exits: Vec<Block> = after.iter().chain(outside).copied().collect();
        let header = self.function.add_block();
        let latch = self.function.add_block();
        let leave = self.pick(&exits);
        let at_header = self.chance(50);
        let back = Target { block: header, arguments: Vec::new() };
        self.function.blocks[latch].terminator = if at_header && self.chance(60) {
            Terminator::Jump(back)
        } else {
            let out = Target { block: leave, arguments: Vec::new() };
            self.branch(back, out)
        };
        let body = if self.chance(80) {
            let mut targets = vec![latch];
            targets.extend(exits.iter().filter(|_| self.random.u32(..4) == 0));
            self.level(depth, &targets)
        } else {
            latch
        };
        let into = Target { block: body, arguments: Vec::new() };
        let way_out = self.pick(&exits);
        self.function.blocks[header].terminator = if at_header || self.chance(30) {
            let out = Target { block: way_out, arguments: Vec::new() };
            self.branch(into, out)
        } else {
            Terminator::Jump(into)
        };
        let (block, inside) = if at_header { (header, body) } else { (latch, header) };
        let targets = self.function.blocks[block].terminator.targets();
        let out = targets.iter().position(|t| t.block != inside).unwrap_or(0);
        self.counted.insert(block, (header, out));
        header
    }

    /// Control goes on to later blocks, or seldom leaves the level or ends.
    fn terminator(&mut self, inside: &[Block], outside: &[Block]) -> Terminator {
        if self.chance(4) {
            return Terminator::Return;
        }
        let leaves = self.chance(20);
        let target = |this: &mut Self| {
            let list = if inside.is_empty() || leaves && this.chance(50) { outside } else { inside };
            // Mostly the next ones.
            let near = list.len().min(if this.chance(70) { 2 } else { list.len() });
            Target { block: this.pick(&list[..near]), arguments: Vec::new() }
        };
        let (a, b) = (target(self), target(self));
        match self.random.u32(..10) {
            0..3 => Terminator::Jump(a),
            3 => {
                let cases = (0..self.random.usize(1..4)).map(|i| (i as u128, target(self))).collect();
                Terminator::Switch { value: self.placeholder(), cases, default: a }
            }
            _ => self.branch(a, b),
        }
    }

    fn branch(&mut self, a: Target, b: Target) -> Terminator {
        let condition = self.placeholder();
        let (yes, no) = if self.chance(50) { (a, b) } else { (b, a) };
        Terminator::Branch { condition, yes, no }
    }

    fn placeholder(&mut self) -> Value {
        self.function.constant(Type::I1, 0)
    }

    /// Leaves the blocks that are reached, the first one first.
    fn lay_out(&mut self, entry: Block) {
        self.function.layout = vec![entry];
        let order = Flow::new(&self.function).order;
        self.function.layout = order;
    }

    /// What LLVM's `loop-simplify` does.
    fn simplify(&mut self) {
        let nest = Nest::new(&self.function).expect("loops have one latch");
        let mut made: HashMap<(Option<Block>, Block), Block> = HashMap::new();
        for from in self.function.layout.clone() {
            let targets = self.function.blocks[from].terminator.targets();
            let targets: Vec<Block> = targets.iter().map(|t| t.block).collect();
            for (i, to) in targets.into_iter().enumerate() {
                let left = nest.around(from).find(|l| !nest.contains(*l, to));
                let enters = nest.headed_by(to).is_some_and(|l| !nest.contains(l, from));
                let mut block = to;
                if enters {
                    block = self.between(&mut made, (None, to), block);
                }
                if let Some(l) = left {
                    block = self.between(&mut made, (Some(nest.data(l).header), to), block);
                }
                target_mut(&mut self.function.blocks[from].terminator, i).block = block;
            }
        }
    }

    fn between(
        &mut self,
        made: &mut HashMap<(Option<Block>, Block), Block>,
        key: (Option<Block>, Block),
        to: Block,
    ) -> Block {
        *made.entry(key).or_insert_with(|| {
            let block = self.function.add_block();
            self.function.blocks[block].terminator =
                Terminator::Jump(Target { block: to, arguments: vec![] });
            block
        })
    }

    /// Gives blocks parameters and instructions, and edges arguments.
    fn fill(&mut self) {
        let nest = Nest::new(&self.function).expect("loops have one latch");
        let layout = self.function.layout.clone();
        for block in &layout[1..] {
            for _ in 0..self.random.usize(..3) {
                let ty = self.ty();
                self.function.add_parameter(*block, ty);
            }
        }
        let mut counters = HashMap::new();
        for (block, (header, _)) in self.counted.clone() {
            if layout.contains(&block) && nest.headed_by(header).is_some() {
                counters.insert(block, self.function.add_parameter(header, Type::I32));
            }
        }
        // Values that a block has computed at its end.
        let mut made: HashMap<Block, Vec<Value>> = HashMap::new();
        let mut next: HashMap<Block, Value> = HashMap::new();
        for block in nest.order.clone() {
            let mut scope: Vec<Value> = Vec::new();
            let mut above = nest.dominator(block);
            while let Some(dominator) = above {
                if nest.around(dominator).all(|l| nest.contains(l, block)) {
                    scope.extend(&made[&dominator]);
                }
                above = nest.dominator(dominator);
            }
            let mut own = self.function.blocks[block].parameters.clone();
            scope.extend(&own);
            for _ in 0..self.random.usize(1..4) {
                if let Some(value) = self.instruction(block, &scope) {
                    own.push(value);
                    scope.push(value);
                }
            }
            if let Some(counter) = counters.get(&block).copied() {
                let one = self.function.constant(Type::I32, 1);
                let more = self.add(block, Op::Binary(Binary::Add), vec![counter, one], Type::I32);
                next.insert(self.counted[&block].0, more);
            }
            self.terminate(block, &nest, &scope, counters.get(&block).copied());
            made.insert(block, own);
        }
        for block in &layout {
            let blocks =
                self.function.blocks[*block].terminator.targets().iter().map(|t| t.block).collect::<Vec<_>>();
            let mut scope: Vec<Value> = made[block].clone();
            let mut above = nest.dominator(*block);
            while let Some(dominator) = above {
                if nest.around(dominator).all(|l| nest.contains(l, *block)) {
                    scope.extend(&made[&dominator]);
                }
                above = nest.dominator(dominator);
            }
            let mut same: HashMap<Block, Vec<Value>> = HashMap::new();
            for (i, to) in blocks.into_iter().enumerate() {
                // A block that is a target twice gets the same values, as from LLVM's phis.
                let arguments = match same.get(&to) {
                    Some(arguments) => arguments.clone(),
                    None => {
                        let back = nest.headed_by(to).is_some_and(|l| nest.contains(l, *block));
                        let counter =
                            counters.iter().find(|(at, _)| self.counted[at].0 == to).map(|(_, c)| *c);
                        let parameters = self.function.blocks[to].parameters.clone();
                        parameters
                            .into_iter()
                            .map(|parameter| match counter == Some(parameter) {
                                true if back => next[&to],
                                true => self.function.constant(Type::I32, 0),
                                false => {
                                    let ty = self.function.ty(parameter);
                                    self.operand(&scope, ty)
                                }
                            })
                            .collect()
                    }
                };
                same.insert(to, arguments.clone());
                target_mut(&mut self.function.blocks[*block].terminator, i).arguments = arguments;
            }
        }
    }

    fn ty(&mut self) -> Type {
        if self.chance(75) { Type::I32 } else { Type::I64 }
    }

    /// A value in scope, mostly a late one, or a constant.
    fn operand(&mut self, scope: &[Value], ty: Type) -> Value {
        let fitting: Vec<Value> = scope.iter().copied().filter(|v| self.function.ty(*v) == ty).collect();
        if fitting.is_empty() || self.chance(20) {
            let bits = self.pick(&[0, 1, 2, 3, 5, 31, 32, 0x7fff_ffff, u128::MAX]);
            return self.function.constant(ty, bits);
        }
        let near = if self.chance(50) { fitting.len().saturating_sub(3) } else { 0 };
        self.pick(&fitting[near..])
    }

    fn add(&mut self, block: Block, op: Op, operands: Vec<Value>, ty: Type) -> Value {
        let inst = self.function.make(op, operands, &[ty]);
        self.function.blocks[block].instructions.push(inst);
        self.function.instructions[inst].results[0]
    }

    fn instruction(&mut self, block: Block, scope: &[Value]) -> Option<Value> {
        let axis = self.pick(&[Axis::X, Axis::X, Axis::Y]);
        let ty = self.ty();
        let (a, b) = (self.operand(scope, ty), self.operand(scope, ty));
        Some(match self.random.u32(..20) {
            0..3 => {
                let mut ops = vec![Op::GridPosition(axis)];
                if self.style.groups {
                    ops = vec![Op::ThreadPosition(axis), Op::ThreadIndex, Op::SimdLane];
                }
                let op = self.pick(&ops);
                self.add(block, op, vec![], Type::I32)
            }
            3 => self.add(block, Op::Launch(LaunchValue::ThreadsPerGrid, axis), vec![], Type::I32),
            4 => {
                let op = self.pick(&[Cast::ZExt, Cast::SExt]);
                let narrow = self.operand(scope, Type::I32);
                self.add(block, Op::Cast(op), vec![narrow], Type::I64)
            }
            5 => {
                let wide = self.operand(scope, Type::I64);
                self.add(block, Op::Cast(Cast::Trunc), vec![wide], Type::I32)
            }
            6 => {
                let condition = self.condition(block, scope);
                self.add(block, Op::Select, vec![condition, a, b], ty)
            }
            7 => {
                let amount = u128::from(self.random.u32(..6));
                let amount = self.function.constant(ty, amount);
                let op = self.pick(&[Binary::Shl, Binary::LShr, Binary::AShr]);
                self.add(block, Op::Binary(op), vec![a, amount], ty)
            }
            8 => {
                let (op, by) =
                    self.pick(&[(Binary::URem, 32), (Binary::UDiv, 64), (Binary::And, 31), (Binary::Or, 3)]);
                let by = self.function.constant(ty, by);
                self.add(block, Op::Binary(op), vec![a, by], ty)
            }
            9 if self.chance(30) => {
                self.store(block, a);
                return None;
            }
            _ => {
                let op = self.pick(&[
                    Binary::Add,
                    Binary::Add,
                    Binary::Sub,
                    Binary::Mul,
                    Binary::Xor,
                    Binary::And,
                ]);
                self.add(block, Op::Binary(op), vec![a, b], ty)
            }
        })
    }

    /// Something that others can see.
    fn store(&mut self, block: Block, value: Value) {
        if self.function.arguments.len() == 0 {
            let space = Space::Device;
            self.function.arguments.push(crate::kernel::ArgumentData {
                name: "out".into(),
                parameter: 0,
                space,
            });
        }
        let argument = self.function.arguments.iter().next().expect("there is one").0;
        let pointer = self.add(block, Op::Argument(argument), vec![], Type::Ptr(Space::Device));
        let inst: Inst = self.function.make(Op::Store(Access::Plain), vec![pointer, value], &[]);
        self.function.blocks[block].instructions.push(inst);
    }

    fn condition(&mut self, block: Block, scope: &[Value]) -> Value {
        let ty = self.ty();
        let value = self.operand(scope, ty);
        let few = self.function.constant(ty, 3);
        let value = self.add(block, Op::Binary(Binary::And), vec![value, few], ty);
        let limit = u128::from(self.random.u32(..4));
        let limit = self.function.constant(ty, limit);
        let op = self.pick(&[IntCompare::Eq, IntCompare::Ult, IntCompare::Ne]);
        self.add(block, Op::IntCompare(op), vec![value, limit], Type::I1)
    }

    /// Computes what decides where control goes.
    fn terminate(&mut self, block: Block, nest: &Nest, scope: &[Value], counter: Option<Value>) {
        match self.function.blocks[block].terminator.clone() {
            Terminator::Branch { yes, no, .. } => {
                let mut condition = if self.chance(15) {
                    // As written for the edges of the grid.
                    let position = match self.style.groups {
                        true => Op::ThreadPosition(Axis::X),
                        false => Op::GridPosition(Axis::X),
                    };
                    let x = self.add(block, position, vec![], Type::I32);
                    let end =
                        self.add(block, Op::Launch(LaunchValue::ThreadsPerGrid, Axis::X), vec![], Type::I32);
                    self.add(block, Op::IntCompare(IntCompare::Ult), vec![x, end], Type::I1)
                } else {
                    self.condition(block, scope)
                };
                if let Some(counter) = counter {
                    let most = u128::from(self.random.u32(1..=ITERATIONS as u32));
                    let most = self.function.constant(Type::I32, most);
                    let (_, out) = self.counted[&block];
                    let header = self.counted[&block].0;
                    let l = nest.headed_by(header).expect("a header");
                    let leaves = |t: &Target| !nest.contains(l, t.block);
                    let out = if leaves(&yes) == leaves(&no) { out } else { usize::from(leaves(&no)) };
                    // Out at the latest when the counter says so.
                    let (compare, join) = match out {
                        0 => (IntCompare::Uge, Binary::Or),
                        _ => (IntCompare::Ult, Binary::And),
                    };
                    let done = self.add(block, Op::IntCompare(compare), vec![counter, most], Type::I1);
                    condition = match self.chance(40) {
                        true => done,
                        false => self.add(block, Op::Binary(join), vec![condition, done], Type::I1),
                    };
                }
                self.function.blocks[block].terminator = Terminator::Branch { condition, yes, no };
            }
            Terminator::Switch { cases, default, .. } => {
                let value = self.operand(scope, Type::I32);
                let few = self.function.constant(Type::I32, 3);
                let value = self.add(block, Op::Binary(Binary::And), vec![value, few], Type::I32);
                self.function.blocks[block].terminator = Terminator::Switch { value, cases, default };
            }
            Terminator::Jump(_) | Terminator::Return => {}
        }
    }
}

/// A target by its place among [`Terminator::targets`].
fn target_mut(terminator: &mut Terminator, i: usize) -> &mut Target {
    match (terminator, i) {
        (Terminator::Jump(target), _) => target,
        (Terminator::Branch { yes, .. }, 0) => yes,
        (Terminator::Branch { no, .. }, _) => no,
        (Terminator::Switch { default, .. }, 0) => default,
        (Terminator::Switch { cases, .. }, i) => &mut cases[i - 1].1,
        (Terminator::Return, _) => unreachable!("a return has no targets"),
    }
}

/// Where a value is in a list by values.
pub(super) fn index(value: Value) -> usize {
    value.index()
}
