//! Calls: of LLVM's intrinsics, of the hooks of the headers, and of stand-ins for what the launch gives.

use super::super::op::{Axis, Binary, Cast, FastMath, LaunchValue, Op, Order, Overflow, Ternary, Unary};
use super::super::{ArgumentData, Type, Value};
use super::{Importer, Result};
use crate::llvm;
use crate::runtime::Collective;
use crate::target::{ARGUMENT, GRID_POSITION, UNREACHABLE, VALUE};

/// What becomes of an intrinsic's operands.
#[derive(Clone, Copy)]
enum Shape {
    /// The operation takes the first operands, as many as given, for each component.
    Each(Op, usize),
    /// As `Each`, but all first results come before all second ones.
    Pairs(Op, usize),
    /// Folds the lanes of a vector.
    Reduce(Binary),
    /// Folds the lanes of the second operand onto the first.
    ReduceOnto(Binary),
    /// The operands are destination, source or byte, and length.
    Memory(Op),
    /// The second operand is a mask of classes.
    IsClass,
    /// It only tells the optimiser something.
    Nothing,
}

/// Intrinsics by prefix; none of them is a prefix of another.
const INTRINSICS: &[(&str, Shape)] = {
    use Shape::*;
    const fn unary(op: Unary) -> Shape {
        Each(Op::Unary(op), 1)
    }
    const fn binary(op: Binary) -> Shape {
        Each(Op::Binary(op), 2)
    }
    const fn ternary(op: Ternary) -> Shape {
        Each(Op::Ternary(op), 3)
    }
    const fn overflow(op: Overflow) -> Shape {
        Pairs(Op::Overflow(op), 2)
    }
    &[
        ("llvm.abs.", unary(Unary::Abs)),
        ("llvm.bitreverse.", unary(Unary::BitReverse)),
        ("llvm.bswap.", unary(Unary::ByteSwap)),
        ("llvm.canonicalize.", unary(Unary::Canonicalize)),
        ("llvm.ceil.", unary(Unary::Ceil)),
        ("llvm.copysign.", binary(Binary::CopySign)),
        ("llvm.ctlz.", unary(Unary::CountLeadingZeros)),
        ("llvm.ctpop.", unary(Unary::PopCount)),
        ("llvm.cttz.", unary(Unary::CountTrailingZeros)),
        ("llvm.experimental.noalias.scope.decl", Nothing),
        ("llvm.fabs.", unary(Unary::FAbs)),
        ("llvm.floor.", unary(Unary::Floor)),
        ("llvm.fma.", ternary(Ternary::Fma)),
        ("llvm.fmuladd.", ternary(Ternary::FMulAdd)),
        ("llvm.fptosi.sat.", Each(Op::Cast(Cast::FloatToSInt), 1)),
        ("llvm.fptoui.sat.", Each(Op::Cast(Cast::FloatToUInt), 1)),
        ("llvm.frexp.", Pairs(Op::SplitExponent, 1)),
        ("llvm.fshl.", ternary(Ternary::FunnelShiftLeft)),
        ("llvm.fshr.", ternary(Ternary::FunnelShiftRight)),
        ("llvm.invariant.", Nothing),
        ("llvm.is.fpclass.", IsClass),
        ("llvm.ldexp.", binary(Binary::LoadExponent)),
        ("llvm.lifetime.", Nothing),
        ("llvm.maximum.", binary(Binary::Maximum)),
        ("llvm.maxnum.", binary(Binary::MaxNum)),
        ("llvm.memcpy.", Memory(Op::CopyMemory)),
        ("llvm.memmove.", Memory(Op::CopyMemory)),
        ("llvm.memset.", Memory(Op::SetMemory)),
        ("llvm.minimum.", binary(Binary::Minimum)),
        ("llvm.minnum.", binary(Binary::MinNum)),
        ("llvm.nearbyint.", unary(Unary::RoundTiesEven)),
        ("llvm.rint.", unary(Unary::RoundTiesEven)),
        ("llvm.round.", unary(Unary::RoundTiesAway)),
        ("llvm.roundeven.", unary(Unary::RoundTiesEven)),
        ("llvm.sadd.sat.", binary(Binary::SAddSat)),
        ("llvm.sadd.with.overflow.", overflow(Overflow::SAdd)),
        ("llvm.scmp.", Each(Op::Order(Order::Signed), 2)),
        ("llvm.smax.", binary(Binary::SMax)),
        ("llvm.smin.", binary(Binary::SMin)),
        ("llvm.smul.with.overflow.", overflow(Overflow::SMul)),
        ("llvm.sqrt.", unary(Unary::Sqrt)),
        ("llvm.ssub.sat.", binary(Binary::SSubSat)),
        ("llvm.ssub.with.overflow.", overflow(Overflow::SSub)),
        ("llvm.trunc.", unary(Unary::RoundToZero)),
        ("llvm.uadd.sat.", binary(Binary::UAddSat)),
        ("llvm.uadd.with.overflow.", overflow(Overflow::UAdd)),
        ("llvm.ucmp.", Each(Op::Order(Order::Unsigned), 2)),
        ("llvm.umax.", binary(Binary::UMax)),
        ("llvm.umin.", binary(Binary::UMin)),
        ("llvm.umul.with.overflow.", overflow(Overflow::UMul)),
        ("llvm.usub.sat.", binary(Binary::USubSat)),
        ("llvm.usub.with.overflow.", overflow(Overflow::USub)),
        ("llvm.vector.reduce.add.", Reduce(Binary::Add)),
        ("llvm.vector.reduce.and.", Reduce(Binary::And)),
        ("llvm.vector.reduce.fadd.", ReduceOnto(Binary::FAdd)),
        ("llvm.vector.reduce.fmax.", Reduce(Binary::MaxNum)),
        ("llvm.vector.reduce.fmaximum.", Reduce(Binary::Maximum)),
        ("llvm.vector.reduce.fmin.", Reduce(Binary::MinNum)),
        ("llvm.vector.reduce.fminimum.", Reduce(Binary::Minimum)),
        ("llvm.vector.reduce.fmul.", ReduceOnto(Binary::FMul)),
        ("llvm.vector.reduce.mul.", Reduce(Binary::Mul)),
        ("llvm.vector.reduce.or.", Reduce(Binary::Or)),
        ("llvm.vector.reduce.smax.", Reduce(Binary::SMax)),
        ("llvm.vector.reduce.smin.", Reduce(Binary::SMin)),
        ("llvm.vector.reduce.umax.", Reduce(Binary::UMax)),
        ("llvm.vector.reduce.umin.", Reduce(Binary::UMin)),
        ("llvm.vector.reduce.xor.", Reduce(Binary::Xor)),
    ]
};

impl<'m> Importer<'m> {
    pub(super) fn call(&mut self, call: llvm::Value<'m>) -> Result<Vec<Value>> {
        let callee = call.called_function().ok_or("a call through a pointer cannot be imported")?;
        let name = callee.name();
        let types = self.component_types(call.ty())?;
        if callee.intrinsic_id() != 0 {
            let shape = INTRINSICS.iter().find(|(prefix, _)| name.starts_with(prefix));
            let (_, shape) = shape.ok_or_else(|| format!("builtin `{name}` cannot be imported"))?;
            return self.intrinsic(call, *shape, &types);
        }
        if let Some(position) = name.strip_prefix(ARGUMENT) {
            return self.argument(position, &types);
        }
        if let Some(value) = name.strip_prefix(VALUE) {
            let (value, axis) = value.split_once('.').unwrap_or((value, ""));
            let axis = ["0", "1", "2"].iter().position(|a| *a == axis).map(|i| Axis::ALL[i]);
            let launch = LaunchValue::ALL.iter().find(|v| v.name() == value);
            return match (value, launch, axis) {
                (GRID_POSITION, _, Some(axis)) => Ok(self.emit(Op::GridPosition(axis), &[], &types)),
                (_, Some(launch), Some(axis)) => Ok(self.emit(Op::Launch(*launch, axis), &[], &types)),
                _ => Err(format!("value `{name}` of the launch cannot be imported")),
            };
        }
        let op = hook(&name).ok_or_else(|| format!("function `{name}` cannot be imported"))?;
        let count = call.operand_count().saturating_sub(1);
        let operands = (0..count).map(|i| self.scalar(call.operand(i))).collect::<Result<Vec<_>>>()?;
        let fast = FastMath::from_bits(call.fast_math_flags());
        Ok(self.emit_fast(op, fast, &operands, &types))
    }

    /// The address bound to the kernel's parameter at a position.
    fn argument(&mut self, position: &str, types: &[Type]) -> Result<Vec<Value>> {
        let malformed = || format!("argument `{position}` cannot be imported");
        let parameter: u32 = position.parse().map_err(|_| malformed())?;
        let &[ty @ Type::Ptr(space)] = types else { return Err(malformed()) };
        let argument = match self.arguments.get(&parameter) {
            Some(argument) => *argument,
            None => {
                let data = self.kernel.parameters.get(parameter as usize).ok_or_else(malformed)?;
                let data = ArgumentData { name: data.name.clone(), parameter, space };
                let argument = self.function.arguments.push(data);
                self.arguments.insert(parameter, argument);
                argument
            }
        };
        Ok(self.emit(Op::Argument(argument), &[], &[ty]))
    }

    fn intrinsic(&mut self, call: llvm::Value<'m>, shape: Shape, types: &[Type]) -> Result<Vec<Value>> {
        let fast = FastMath::from_bits(call.fast_math_flags());
        let mut operands = |count: usize| {
            (0..count as u32).map(|i| self.operand(call.operand(i))).collect::<Result<Vec<_>>>()
        };
        match shape {
            // Their result, if there is one, is only for others of them.
            Shape::Nothing => Ok(types.iter().map(|ty| self.function.constant(*ty, 0)).collect()),
            Shape::Each(op, count) => {
                let operands = operands(count)?;
                self.each(op, fast, &operands, types)
            }
            Shape::Pairs(op, count) => {
                let operands = operands(count)?;
                let lanes = types.len() / 2;
                let (mut first, mut second) = (Vec::new(), Vec::new());
                for lane in 0..lanes {
                    let operands: Option<Vec<Value>> =
                        operands.iter().map(|o| o.get(lane).copied()).collect();
                    let operands = operands.ok_or("operands of different numbers of lanes")?;
                    let results = self.emit_fast(op, fast, &operands, &[types[lane], types[lanes + lane]]);
                    first.push(results[0]);
                    second.push(results[1]);
                }
                first.extend(second);
                Ok(first)
            }
            Shape::Reduce(op) => {
                let operands = operands(1)?;
                self.fold(op, fast, &operands[0])
            }
            Shape::ReduceOnto(op) => {
                let operands = operands(2)?;
                self.fold(op, fast, &operands.concat())
            }
            Shape::Memory(op) => self.memory_intrinsic(call, op),
            Shape::IsClass => {
                let operands = operands(1)?;
                let mask = call.operand(1).constant_u64().and_then(|m| u16::try_from(m).ok());
                let mask = mask.ok_or("a mask of classes is not a constant")?;
                self.each(Op::IsClass(mask), fast, &operands, types)
            }
        }
    }

    /// In the order of the lanes.
    fn fold(&mut self, op: Binary, fast: FastMath, values: &[Value]) -> Result<Vec<Value>> {
        let (first, rest) = values.split_first().ok_or("a reduction of nothing")?;
        let ty = self.function.ty(*first);
        let mut result = *first;
        for value in rest {
            result = self.emit_fast(Op::Binary(op), fast, &[result, *value], &[ty])[0];
        }
        Ok(vec![result])
    }
}

/// The operation of a function that the headers declare for back ends (`__msl_hooks`).
fn hook(name: &str) -> Option<Op> {
    if name == UNREACHABLE {
        return Some(Op::Unreachable);
    }
    let name = name.strip_prefix("msl.")?;
    Some(match name {
        "threadgroup_barrier" => Op::ThreadgroupBarrier,
        "simdgroup_barrier" => Op::SimdgroupBarrier,
        "simd_lane" => Op::SimdLane,
        "simd_ballot" => Op::Ballot,
        "simd_shuffle.i32" | "simd_shuffle.i64" => Op::Shuffle,
        _ => Op::Collective(Collective::hooks().find(|(hook, _)| hook == name)?.1),
    })
}
