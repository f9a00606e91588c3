//! One thread.

use std::collections::HashMap;

use super::super::op::{Axis, Op, Order};
use super::super::{
    Block, Definition, Function, Inst, InstData, Key, Storage, Target, Terminator, Value, Variable,
};
use super::arithmetic::{
    binary, cast, float_compare, int_compare, is_class, modify, overflow, signed, split_exponent, ternary,
    unary,
};
use super::{Launch, MAX_STEPS, Memory, SIMD_WIDTH, Trouble};

pub(super) struct Thread {
    values: Vec<u128>,
    block: Block,
    /// Of the next instruction in the block.
    next: usize,
    index: u32,
    position: [u32; 3],
    private: HashMap<Variable, u64>,
    pub(super) ended: bool,
    /// Where it waits for others.
    pub(super) waits: Option<Inst>,
    /// How often it went back in a loop.
    pub(super) repeated: u64,
}

/// Why a thread stopped.
pub(super) enum Stop {
    Ended,
    Waits(Inst),
}

impl Thread {
    pub(super) fn new(launch: &Launch<'_>, memory: &mut Memory, index: u32) -> Self {
        let [x, y, _] = launch.threads;
        let function = launch.function;
        let private = function.variables.iter().filter(|(_, data)| data.storage == Storage::Private);
        Self {
            values: vec![0; function.values.len()],
            block: function.layout[0],
            next: 0,
            index,
            position: [index % x, index / x % y, index / x / y],
            private: private.map(|(v, data)| (v, memory.add(vec![0; data.bytes as usize]))).collect(),
            ended: false,
            waits: None,
            repeated: 0,
        }
    }

    pub(super) fn value(&self, function: &Function, value: Value) -> u128 {
        match function.values[value].definition {
            Definition::Constant(bits) => bits,
            _ => self.values[value.index()],
        }
    }

    pub(super) fn set(&mut self, function: &Function, value: Value, bits: u128) {
        self.values[value.index()] = bits & function.ty(value).mask();
    }

    /// Goes on behind what it waited at.
    pub(super) fn go_on(&mut self) {
        self.waits = None;
        self.next += 1;
    }

    /// Runs until it ends or waits.
    pub(super) fn run(
        &mut self,
        launch: &Launch<'_>,
        memory: &mut Memory,
        steps: &mut u64,
    ) -> Result<Stop, Trouble> {
        let function = launch.function;
        loop {
            *steps += 1;
            if *steps > MAX_STEPS {
                return Err(Trouble::Endless);
            }
            let block = &function.blocks[self.block];
            let Some(inst) = block.instructions.get(self.next) else {
                match self.follow(function, &block.terminator) {
                    Some(target) => self.go_to(function, target),
                    None => return Ok(Stop::Ended),
                }
                continue;
            };
            let data = &function.instructions[*inst];
            if matches!(
                data.op,
                Op::ThreadgroupBarrier | Op::SimdgroupBarrier | Op::Ballot | Op::Shuffle | Op::Collective(_)
            ) {
                return Ok(Stop::Waits(*inst));
            }
            let results = self.execute(launch, memory, data)?;
            for (result, bits) in data.results.iter().zip(results) {
                self.set(function, *result, bits);
            }
            self.next += 1;
        }
    }

    fn follow<'f>(&self, function: &Function, terminator: &'f Terminator) -> Option<&'f Target> {
        Some(match terminator {
            Terminator::Jump(target) => target,
            Terminator::Branch { condition, yes, no } => {
                if self.value(function, *condition) == 1 {
                    yes
                } else {
                    no
                }
            }
            Terminator::Switch { value, cases, default } => {
                let value = self.value(function, *value);
                cases.iter().find(|(bits, _)| *bits == value).map_or(default, |(_, target)| target)
            }
            Terminator::Return => return None,
        })
    }

    /// All parameters get their values at once.
    fn go_to(&mut self, function: &Function, target: &Target) {
        let values: Vec<u128> = target.arguments.iter().map(|v| self.value(function, *v)).collect();
        for (parameter, bits) in function.blocks[target.block].parameters.iter().zip(values) {
            self.set(function, *parameter, bits);
        }
        // Imported blocks are made in reverse postorder.
        self.repeated += u64::from(target.block <= self.block);
        self.block = target.block;
        self.next = 0;
    }

    /// The results of an instruction; bits beyond their types do not count.
    fn execute(
        &mut self,
        launch: &Launch<'_>,
        memory: &mut Memory,
        data: &InstData,
    ) -> Result<Vec<u128>, Trouble> {
        let function = launch.function;
        let v: Vec<u128> = data.operands.iter().map(|o| self.value(function, *o)).collect();
        let operand_type = |i: usize| function.ty(data.operands[i]);
        let result_type = |i: usize| function.ty(data.results[i]);
        let axis = |axis: Axis| axis as usize;
        Ok(vec![match data.op {
            Op::Unary(op) => unary(op, operand_type(0), v[0]),
            Op::Binary(op) => binary(op, operand_type(0), v[0], v[1]).map_err(Trouble::Fault)?,
            Op::Ternary(op) => ternary(op, operand_type(0), v[0], v[1], v[2]),
            Op::Overflow(op) => {
                let (result, wrapped) = overflow(op, operand_type(0), v[0], v[1]);
                return Ok(vec![result, wrapped.into()]);
            }
            Op::Cast(op) => cast(op, operand_type(0), result_type(0), v[0]),
            Op::IntCompare(op) => int_compare(op, operand_type(0), v[0], v[1]).into(),
            Op::FloatCompare(op) => float_compare(op, operand_type(0), v[0], v[1]).into(),
            Op::Order(Order::Unsigned) => v[0].cmp(&v[1]) as i8 as u128,
            Op::Order(Order::Signed) => {
                let ty = operand_type(0);
                signed(ty, v[0]).cmp(&signed(ty, v[1])) as i8 as u128
            }
            Op::IsClass(mask) => is_class(operand_type(0), v[0], mask).into(),
            Op::SplitExponent => {
                let (fraction, exponent) = split_exponent(operand_type(0), v[0]);
                return Ok(vec![fraction, exponent as u128]);
            }
            Op::Select => v[if v[0] == 1 { 1 } else { 2 }],
            Op::PtrAdd => v[0].wrapping_add(v[1]),
            Op::Load(_) => {
                let ty = result_type(0);
                let places = (0..data.results.len() as u64).map(|i| v[0] as u64 + i * u64::from(ty.bytes()));
                return places.map(|place| memory.load(place, ty)).collect();
            }
            Op::Store(_) => {
                let ty = operand_type(1);
                // Nothing is written if not all of it can be.
                memory.slice(v[0] as u64, u64::from(ty.bytes()) * (v.len() as u64 - 1))?;
                for (i, bits) in v[1..].iter().enumerate() {
                    memory.store(v[0] as u64 + i as u64 * u64::from(ty.bytes()), ty, *bits)?;
                }
                return Ok(Vec::new());
            }
            Op::Modify(op) => {
                let ty = operand_type(1);
                let old = memory.load(v[0] as u64, ty)?;
                memory.store(v[0] as u64, ty, modify(op, ty, old, v[1]))?;
                old
            }
            Op::CompareExchange => {
                let ty = operand_type(1);
                let old = memory.load(v[0] as u64, ty)?;
                if old == v[1] {
                    memory.store(v[0] as u64, ty, v[2])?;
                }
                return Ok(vec![old, (old == v[1]).into()]);
            }
            Op::CopyMemory => {
                let content = memory.slice(v[1] as u64, v[2] as u64)?.to_vec();
                memory.slice(v[0] as u64, v[2] as u64)?.copy_from_slice(&content);
                return Ok(Vec::new());
            }
            Op::SetMemory => {
                memory.slice(v[0] as u64, v[2] as u64)?.fill(v[1] as u8);
                return Ok(Vec::new());
            }
            Op::Argument(argument) => launch.arguments.get(&argument).copied().unwrap_or(0).into(),
            Op::Variable(variable) => {
                let address = self.private.get(&variable).or_else(|| launch.variables.get(&variable));
                address.copied().unwrap_or(0).into()
            }
            Op::Launch(value, direction) => launch.value(value, axis(direction)).into(),
            Op::ThreadIndex => self.index.into(),
            Op::ThreadPosition(direction) => self.position[axis(direction)].into(),
            Op::GridPosition(direction) => {
                let axis = axis(direction);
                (launch.group[axis] * launch.dispatch_threads[axis] + self.position[axis]).into()
            }
            Op::SimdLane => u128::from(self.index) % SIMD_WIDTH as u128,
            Op::Unreachable => return Err(Trouble::Fault("unreachable code was reached".into())),
            Op::Fence => return Ok(Vec::new()),
            Op::ThreadgroupBarrier | Op::SimdgroupBarrier | Op::Ballot | Op::Shuffle | Op::Collective(_) => {
                unreachable!("threads stop at what they wait for")
            }
        }])
    }
}
