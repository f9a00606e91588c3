//! Numbers and types of operands and results of each operation.

use super::super::op::{Access, Binary, Cast, Modify, Unary};
use super::super::{Function, InstData, Op, Type};

/// Checks an instruction whose operands exist.
pub(super) fn check(function: &Function, inst: &InstData) -> Result<(), String> {
    let operands: Vec<Type> = inst.operands.iter().map(|v| function.ty(*v)).collect();
    let results: Vec<Type> = inst.results.iter().map(|v| function.ty(*v)).collect();
    let signature = Signature { operands: &operands, results: &results };
    signature.check(function, inst.op)
}

struct Signature<'a> {
    operands: &'a [Type],
    results: &'a [Type],
}

const I1: Type = Type::I1;
const I32: Type = Type::I32;
const I64: Type = Type::I64;

impl Signature<'_> {
    fn check(&self, function: &Function, op: Op) -> Result<(), String> {
        match op {
            Op::Unary(op) => self.unary(op),
            Op::Binary(op) => self.binary(op),
            Op::Ternary(op) => {
                let ty = self.first(if op.is_float() { Kind::Float } else { Kind::Int })?;
                self.takes(&[ty; 3])?;
                self.gives(&[ty])
            }
            Op::Overflow(_) => {
                let ty = self.first(Kind::Int)?;
                self.takes(&[ty; 2])?;
                self.gives(&[ty, I1])
            }
            Op::Cast(op) => self.cast(op),
            Op::IntCompare(_) => {
                let ty = self.first(Kind::Address)?;
                self.takes(&[ty; 2])?;
                self.gives(&[I1])
            }
            Op::FloatCompare(_) => {
                let ty = self.first(Kind::Float)?;
                self.takes(&[ty; 2])?;
                self.gives(&[I1])
            }
            Op::Order(_) => {
                let ty = self.first(Kind::Int)?;
                self.takes(&[ty; 2])?;
                let result = self.result(Kind::Int)?;
                if result == I1 { Err("the result is an integer of at least 2 bits".into()) } else { Ok(()) }
            }
            Op::IsClass(mask) => {
                if mask > 0x3ff {
                    return Err(format!("mask {mask} has more than the 10 bits of the classes"));
                }
                let ty = self.first(Kind::Float)?;
                self.takes(&[ty])?;
                self.gives(&[I1])
            }
            Op::SplitExponent => {
                let ty = self.first(Kind::Float)?;
                self.takes(&[ty])?;
                self.gives(&[ty, I32])
            }
            Op::Select => {
                let ty = self.operands.get(1).copied().unwrap_or(I1);
                self.takes(&[I1, ty, ty])?;
                self.gives(&[ty])
            }
            Op::PtrAdd => {
                let ty = self.first(Kind::Pointer)?;
                self.takes(&[ty, I64])?;
                self.gives(&[ty])
            }
            Op::Load(access) => {
                let ty = self.first(Kind::Pointer)?;
                self.takes(&[ty])?;
                self.consecutive(self.results, access == Access::Atomic)
            }
            Op::Store(access) => {
                self.first(Kind::Pointer)?;
                self.gives(&[])?;
                self.consecutive(&self.operands[1..], access == Access::Atomic)
            }
            Op::Modify(op) => {
                let pointer = self.first(Kind::Pointer)?;
                let ty = self.operands.get(1).copied().unwrap_or(I32);
                let suits = match op {
                    Modify::Exchange => ty != I1,
                    Modify::FAdd | Modify::FSub | Modify::FMax | Modify::FMin => ty.is_float(),
                    _ => ty.is_int() && ty != I1,
                };
                if !suits {
                    return Err(format!("the operation is not one of {ty}"));
                }
                self.takes(&[pointer, ty])?;
                self.gives(&[ty])
            }
            Op::CompareExchange => {
                let pointer = self.first(Kind::Pointer)?;
                let ty = self.operands.get(1).copied().unwrap_or(I32);
                self.takes(&[pointer, ty, ty])?;
                self.gives(&[ty, I1])
            }
            Op::CopyMemory => {
                let to = self.first(Kind::Pointer)?;
                match self.operands.get(1) {
                    Some(from) if from.is_pointer() => self.takes(&[to, *from, I64])?,
                    _ => return Err("operand 2 is a pointer".into()),
                }
                self.gives(&[])
            }
            Op::SetMemory => {
                let to = self.first(Kind::Pointer)?;
                self.takes(&[to, Type::I8, I64])?;
                self.gives(&[])
            }
            Op::Argument(argument) => self.constant(Type::Ptr(function.arguments[argument].space)),
            Op::Variable(variable) => self.constant(Type::Ptr(function.variables[variable].space)),
            Op::Launch(..) | Op::ThreadIndex | Op::ThreadPosition(_) | Op::GridPosition(_) | Op::SimdLane => {
                self.constant(I32)
            }
            Op::Fence | Op::Unreachable => {
                self.takes(&[])?;
                self.gives(&[])
            }
            Op::ThreadgroupBarrier | Op::SimdgroupBarrier => {
                self.takes(&[I32])?;
                self.gives(&[])
            }
            Op::Ballot => {
                self.takes(&[I1])?;
                self.gives(&[I32])
            }
            Op::Shuffle => {
                let ty = self.operands.first().copied().filter(|ty| matches!(*ty, I32 | I64));
                let ty = ty.ok_or("operand 1 is an i32 or i64")?;
                self.takes(&[ty, I32])?;
                self.gives(&[ty])
            }
            Op::Collective(collective) => {
                let ty = Type::parse(collective.element_name()).unwrap_or(I32);
                self.takes(&[ty])?;
                self.gives(&[ty])
            }
        }
    }

    fn unary(&self, op: Unary) -> Result<(), String> {
        let ty = self.first(if op.is_float() { Kind::Float } else { Kind::Int })?;
        if op == Unary::ByteSwap && ty.bits() % 16 != 0 {
            return Err(format!("{ty} is not a whole number of pairs of bytes"));
        }
        self.takes(&[ty])?;
        self.gives(&[ty])
    }

    fn binary(&self, op: Binary) -> Result<(), String> {
        let ty = self.first(if op.is_float() { Kind::Float } else { Kind::Int })?;
        let second = if op == Binary::LoadExponent { I32 } else { ty };
        self.takes(&[ty, second])?;
        self.gives(&[ty])
    }

    fn cast(&self, op: Cast) -> Result<(), String> {
        let (from, to) = match op {
            Cast::Trunc | Cast::ZExt | Cast::SExt => (Kind::Int, Kind::Int),
            Cast::FTrunc | Cast::FExt => (Kind::Float, Kind::Float),
            Cast::SIntToFloat | Cast::UIntToFloat => (Kind::Int, Kind::Float),
            Cast::FloatToSInt | Cast::FloatToUInt => (Kind::Float, Kind::Int),
            Cast::Bits => (Kind::Number, Kind::Number),
            Cast::PtrToInt => (Kind::Pointer, Kind::Int),
            Cast::IntToPtr => (Kind::Int, Kind::Pointer),
            Cast::Space => (Kind::Pointer, Kind::Pointer),
        };
        let (from, to) = (self.first(from)?, self.result(to)?);
        self.takes(&[from])?;
        let suits = match op {
            Cast::Trunc | Cast::FTrunc => to.bits() < from.bits(),
            Cast::ZExt | Cast::SExt | Cast::FExt => to.bits() > from.bits(),
            Cast::Bits => to.bits() == from.bits(),
            Cast::PtrToInt | Cast::IntToPtr => to.bits() == from.bits(),
            Cast::SIntToFloat | Cast::UIntToFloat | Cast::FloatToSInt | Cast::FloatToUInt | Cast::Space => {
                true
            }
        };
        if suits { Ok(()) } else { Err(format!("{} is not from {from} to {to}", op.name())) }
    }

    /// Values next to each other in memory: at least one, all of one type, which has a size in bytes.
    fn consecutive(&self, values: &[Type], atomic: bool) -> Result<(), String> {
        let Some(first) = values.first() else { return Err("at least one value is accessed".into()) };
        if values.iter().any(|ty| ty != first) {
            return Err("all values of an access have one type".into());
        }
        if first.bits() % 8 != 0 {
            return Err(format!("{first} is not a whole number of bytes"));
        }
        if atomic && values.len() != 1 {
            return Err("an atomic access is of one value".into());
        }
        Ok(())
    }

    /// An operation without operands with one result.
    fn constant(&self, ty: Type) -> Result<(), String> {
        self.takes(&[])?;
        self.gives(&[ty])
    }

    /// The type of the first operand.
    fn first(&self, kind: Kind) -> Result<Type, String> {
        let ty = self.operands.first().copied().filter(|ty| kind.has(*ty));
        ty.ok_or_else(|| format!("operand 1 is {}", kind.name()))
    }

    /// The type of the only result.
    fn result(&self, kind: Kind) -> Result<Type, String> {
        match self.results {
            [ty] if kind.has(*ty) => Ok(*ty),
            _ => Err(format!("the result is {}", kind.name())),
        }
    }

    fn takes(&self, types: &[Type]) -> Result<(), String> {
        compare("operand", types, self.operands)
    }

    fn gives(&self, types: &[Type]) -> Result<(), String> {
        compare("result", types, self.results)
    }
}

fn compare(what: &str, want: &[Type], got: &[Type]) -> Result<(), String> {
    if want.len() != got.len() {
        return Err(format!("there are {} {what}s; expected {}", got.len(), want.len()));
    }
    match want.iter().zip(got).position(|(want, got)| want != got) {
        Some(i) => Err(format!("{what} {} is {}; expected {}", i + 1, got[i], want[i])),
        None => Ok(()),
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Int,
    Float,
    Pointer,
    /// An integer or float.
    Number,
    /// An integer or pointer.
    Address,
}

impl Kind {
    fn has(self, ty: Type) -> bool {
        match self {
            Self::Int => ty.is_int(),
            Self::Float => ty.is_float(),
            Self::Pointer => ty.is_pointer(),
            Self::Number => !ty.is_pointer(),
            Self::Address => !ty.is_float(),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Int => "an integer",
            Self::Float => "a float",
            Self::Pointer => "a pointer",
            Self::Number => "an integer or float",
            Self::Address => "an integer or pointer",
        }
    }
}
