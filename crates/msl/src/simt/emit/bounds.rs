//! What is known of integers when a kernel is compiled: of positions in threadgroups, of what is widened, and of what is computed
//! from these.

use std::collections::HashSet;

use super::Emitter;
use crate::kernel::op::{Binary, Cast};
use crate::kernel::{Axis, Definition, Inst, LaunchValue, Op, Storage, Value};
use crate::reflect::Parameter;
use crate::simt::origin::Origin;
use crate::simt::shape::Lanes;
use crate::{Access, MAX_TOTAL_THREADS_PER_THREADGROUP, SIMD_WIDTH};

const DEPTH: u32 = 8;

/// The least and the most that an unsigned number may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) least: u64,
    pub(super) most: u64,
}

impl Emitter<'_> {
    /// Loads and stores that are within their memories by what is known of their pointers.
    pub(super) fn find_inside(&self) -> HashSet<Inst> {
        let blocks = self.nest.order.iter().map(|block| &self.function.blocks[*block]);
        let insts = blocks.flat_map(|block| block.instructions.iter().copied());
        insts.filter(|inst| self.is_inside_always(*inst)).collect()
    }

    fn is_inside_always(&self, inst: Inst) -> bool {
        let data = &self.function.instructions[inst];
        let (values, write) = match data.op {
            Op::Load(_) => (&data.results[..], false),
            Op::Store(_) => (&data.operands[1..], true),
            _ => return false,
        };
        let pointer = data.operands[0];
        // Of what may not lie as its stride says, the checks say that, too.
        if matches!(self.lanes_of(pointer), Lanes::Speculative(_)) {
            return false;
        }
        let length = match self.origins.of(pointer) {
            Origin::Variable(variable) => {
                let variable = &self.function.variables[variable];
                match variable.storage {
                    Storage::Threadgroup => variable.bytes,
                    Storage::Constant(_) if !write => variable.bytes,
                    _ => return false,
                }
            }
            // What is bound has at least the size of its type, as every launch promises.
            Origin::Argument(argument) => {
                let parameter = self.function.arguments[argument].parameter;
                match self.entry.parameters.get(parameter as usize).and_then(Parameter::argument) {
                    Some(argument) if !write || argument.access == Access::ReadWrite => argument.size as u64,
                    _ => return false,
                }
            }
            _ => return false,
        };
        let bytes: u64 = values.iter().map(|value| u64::from(self.function.ty(*value).bytes())).sum();
        self.bounds(pointer).most.checked_add(bytes).is_some_and(|end| end <= length)
    }

    /// Between which unsigned numbers an integer lies, or the offset of a pointer into its memory, in each lane that is there.
    pub(super) fn bounds(&self, value: Value) -> Bounds {
        self.bounds_to(value, DEPTH)
    }

    fn bounds_to(&self, value: Value, depth: u32) -> Bounds {
        let function = self.function;
        let ty = function.ty(value);
        let most = u64::MAX >> (64 - ty.bits().clamp(1, 64));
        let any = Bounds { least: 0, most };
        // The null pointer is not 0, but as far from the start of a memory as that is from it.
        let is_number =
            ty.is_int() || matches!(self.origins.of(value), Origin::Argument(_) | Origin::Variable(_));
        if ty.bits() > 64 || depth == 0 || !is_number {
            return any;
        }
        if let Some(bits) = function.constant_bits(value) {
            return Bounds { least: bits as u64, most: bits as u64 };
        }
        let Definition::Result(inst, _) = function.values[value].definition else { return any };
        let data = &function.instructions[inst];
        let of = |i: usize| self.bounds_to(data.operands[i], depth - 1);
        let constant = |i: usize| function.constant_bits(data.operands[i]).map(|bits| bits as u64);
        let most_threads = u64::from(MAX_TOTAL_THREADS_PER_THREADGROUP);
        let threads = match self.plan.together {
            true => u64::from(self.plan.rows * SIMD_WIDTH),
            false => most_threads,
        };
        let found = match data.op {
            Op::Argument(_) | Op::Variable(_) => Some((0, 0)),
            Op::Launch(LaunchValue::ThreadsPerThreadgroup, Axis::X) if self.plan.is_for_whole => {
                Some((SIMD_WIDTH.into(), most_threads))
            }
            Op::Launch(LaunchValue::ThreadsPerThreadgroup, _) => Some((1, most_threads)),
            Op::ThreadIndex | Op::ThreadPosition(_) => Some((0, threads - 1)),
            Op::SimdLane => Some((0, u64::from(SIMD_WIDTH) - 1)),
            Op::Cast(Cast::ZExt | Cast::Trunc | Cast::Space) => Some(of(0).both()),
            // Of what may be negative nothing is known.
            Op::Cast(Cast::SExt) => {
                let half = (u64::MAX >> (64 - function.ty(data.operands[0]).bits())) >> 1;
                Some(of(0).both()).filter(|(_, most)| *most <= half)
            }
            Op::Binary(Binary::Add) | Op::PtrAdd => sum(of(0), of(1)),
            Op::Binary(Binary::Sub) => {
                let (a, b) = (of(0), of(1));
                a.least.checked_sub(b.most).map(|least| (least, a.most - b.least))
            }
            Op::Binary(Binary::Mul) => product(of(0), of(1)),
            Op::Binary(Binary::Shl) => {
                let factor = constant(1).filter(|amount| *amount < 64).map(|amount| 1 << amount);
                factor.and_then(|factor| product(of(0), Bounds { least: factor, most: factor }))
            }
            Op::Binary(Binary::LShr) => {
                let amount = constant(1).filter(|amount| *amount < ty.bits().into());
                amount.map(|amount| of(0).each(|number| number >> amount))
            }
            Op::Binary(Binary::UDiv) => {
                let divisor = constant(1).filter(|divisor| *divisor > 0);
                divisor.map(|divisor| of(0).each(|number| number / divisor))
            }
            Op::Binary(Binary::URem) => {
                let divisor = constant(1).filter(|divisor| *divisor > 0);
                divisor.map(|divisor| (0, of(0).most.min(divisor - 1)))
            }
            Op::Binary(Binary::And) => {
                let (a, b) = (of(0), of(1));
                // With all bits from one on, the order stays.
                let above = !u64::MAX.checked_shr(a.most.leading_zeros()).unwrap_or(0);
                match constant(1) {
                    Some(mask) if (mask | above).leading_ones() + mask.trailing_zeros() >= 64 => {
                        Some(a.each(|number| number & mask))
                    }
                    _ => Some((0, a.most.min(b.most))),
                }
            }
            Op::Binary(op @ (Binary::Or | Binary::Xor)) => {
                let (a, b) = (of(0), of(1));
                let zeros = (a.most | b.most).leading_zeros();
                let least = if op == Binary::Or { a.least.max(b.least) } else { 0 };
                Some((least, u64::MAX.checked_shr(zeros).unwrap_or(0)))
            }
            Op::Binary(Binary::UMin) => {
                let (a, b) = (of(0), of(1));
                Some((a.least.min(b.least), a.most.min(b.most)))
            }
            Op::Binary(Binary::UMax) => {
                let (a, b) = (of(0), of(1));
                Some((a.least.max(b.least), a.most.max(b.most)))
            }
            Op::Select => {
                let (a, b) = (of(1), of(2));
                Some((a.least.min(b.least), a.most.max(b.most)))
            }
            _ => None,
        };
        // What wraps around, or is cut off, may be anything.
        found.filter(|found| found.1 <= most).map_or(any, |(least, most)| Bounds { least, most })
    }
}

impl Bounds {
    fn both(self) -> (u64, u64) {
        (self.least, self.most)
    }

    fn each(self, of: impl Fn(u64) -> u64) -> (u64, u64) {
        (of(self.least), of(self.most))
    }
}

fn sum(a: Bounds, b: Bounds) -> Option<(u64, u64)> {
    Some((a.least.checked_add(b.least)?, a.most.checked_add(b.most)?))
}

fn product(a: Bounds, b: Bounds) -> Option<(u64, u64)> {
    Some((a.least.checked_mul(b.least)?, a.most.checked_mul(b.most)?))
}
