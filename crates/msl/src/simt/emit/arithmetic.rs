//! Operations without memory and control: the same text for one value and for a vector of lanes.
//!
//! No operation leaves poison in any lane, also not in lanes that do not count: masks are combined with what other
//! lanes computed, and poison would spread through that to where control depends on it. So the flags `nnan` and
//! `ninf` are not printed, and shifts and divisions are defined for all operands. Without `ninf` LLVM also
//! divides where it would multiply by an estimate of the reciprocal, which makes a NaN of a quotient by infinity.
//!
//! Numbers of 16 bits are computed in single precision, except half precision where the machine has it, and rounded
//! after each operation, as LLVM does for one value. All operations on bfloat are made of integers and singles,
//! because LLVM takes most vectors of bfloat apart.

mod convert;
mod division;
mod float;

use super::super::code::{Code, Form, Operand};
use crate::kernel::op::{Binary, Order, Ternary, Unary};
use crate::kernel::{FastMath, Op, Type};

/// Writes an operation on operands in one form; returns its results in that form.
///
/// # Errors
///
/// What is not supported: the operation by its name.
pub(super) fn emit(
    code: &mut Code,
    op: Op,
    fast_math: FastMath,
    operands: &[Operand],
    operand_types: &[Type],
    result_types: &[Type],
    form: Form,
) -> Result<Vec<Operand>, String> {
    let mut emitter = Emitter { code, form, fast_math };
    let unsupported = || {
        let types: Vec<String> = operand_types.iter().chain(result_types).map(Type::to_string).collect();
        format!("operation `{}` of {}", op.name(), types.join(", "))
    };
    let result = match (op, operands, operand_types, result_types) {
        (Op::Unary(op), [a], [ty], _) => emitter.unary(op, *ty, a),
        (Op::Binary(op), [a, b], [ty, _], _) => emitter.binary(op, *ty, a, b).ok_or_else(unsupported)?,
        (Op::Ternary(op), [a, b, c], [ty, ..], _) => emitter.ternary(op, *ty, a, b, c),
        (Op::Overflow(op), [a, b], [ty, _], _) => {
            let (ty, i1) = (emitter.form.of(*ty), emitter.form.of(Type::I1));
            let name = intrinsic(
                op.name().trim_end_matches(".overflow"),
                ".with.overflow",
                &emitter.form.mangled(operand_types[0]),
            );
            let pair = format!("{{ {ty}, {i1} }}");
            let both = emitter.code.call(&pair, &name, &[(&ty, a), (&ty, b)], "");
            let parts = [0, 1].map(|i| emitter.code.value(format_args!("extractvalue {pair} {both}, {i}")));
            return Ok(parts.into());
        }
        (Op::Cast(op), [a], [from], [to]) => emitter.cast(op, *from, *to, a).ok_or_else(unsupported)?,
        (Op::IntCompare(op), [a, b], [ty, _], _) => emitter.compare(op.name(), *ty, a, b),
        (Op::FloatCompare(op), [a, b], [ty, _], _) => {
            let compute = emitter.compute_type(*ty);
            let (a, b) = (emitter.widen(*ty, a), emitter.widen(*ty, b));
            emitter.compare(op.name(), compute, &a, &b)
        }
        (Op::Order(op), [a, b], [ty, _], [result]) => emitter.order(op, *ty, *result, a, b),
        (Op::IsClass(mask), [a], [ty], _) => emitter.is_class(mask, *ty, a),
        (Op::SplitExponent, [a], [ty], _) => return Ok(emitter.split_exponent(*ty, a).into()),
        (Op::Select, [condition, a, b], [_, ty, _], _) => emitter.select(*ty, condition, a, b),
        _ => return Err(unsupported()),
    };
    Ok(vec![result])
}

/// The name of an intrinsic: `llvm.`, its own, and its type.
fn intrinsic(name: &str, suffix: &str, mangled: &str) -> String {
    format!("llvm.{name}{suffix}.{mangled}")
}

/// Writes instructions on values in one form.
struct Emitter<'a> {
    code: &'a mut Code,
    form: Form,
    fast_math: FastMath,
}

impl Emitter<'_> {
    fn unary(&mut self, op: Unary, ty: Type, a: &Operand) -> Operand {
        let no = Operand::new("false");
        match op {
            Unary::Abs | Unary::CountLeadingZeros | Unary::CountTrailingZeros => {
                let name = intrinsic(op.name(), "", &self.form.mangled(ty));
                let ty = self.form.of(ty);
                // Neither the least integer nor 0 leaves the result undefined.
                self.code.call(&ty, &name, &[(&ty, a), ("i1", &no)], "")
            }
            Unary::BitReverse | Unary::ByteSwap | Unary::PopCount => {
                self.call(intrinsic(op.name(), "", &self.form.mangled(ty)), ty, &[a], "")
            }
            _ => self.float_unary(op, ty, a),
        }
    }

    /// `None` for what LLVM has no code for.
    fn binary(&mut self, op: Binary, ty: Type, a: &Operand, b: &Operand) -> Option<Operand> {
        Some(match op {
            Binary::UDiv | Binary::SDiv | Binary::URem | Binary::SRem => {
                return self.division(op, ty, a, b);
            }
            Binary::Add | Binary::Sub | Binary::Mul | Binary::And | Binary::Or | Binary::Xor => {
                self.plain(op.name(), ty, a, b)
            }
            Binary::Shl | Binary::LShr | Binary::AShr => self.shift(op.name(), ty, a, b),
            Binary::SMin
            | Binary::SMax
            | Binary::UMin
            | Binary::UMax
            | Binary::SAddSat
            | Binary::UAddSat
            | Binary::SSubSat
            | Binary::USubSat => self.call(intrinsic(op.name(), "", &self.form.mangled(ty)), ty, &[a, b], ""),
            _ => self.float_binary(op, ty, a, b),
        })
    }

    fn ternary(&mut self, op: Ternary, ty: Type, a: &Operand, b: &Operand, c: &Operand) -> Operand {
        if op.is_float() {
            return self.float_ternary(op, ty, a, b, c);
        }
        self.call(intrinsic(op.name(), "", &self.form.mangled(ty)), ty, &[a, b, c], "")
    }

    /// By the width or more anything may come, but something must.
    fn shift(&mut self, op: &str, ty: Type, a: &Operand, b: &Operand) -> Operand {
        let width = ty.bits();
        if constant(b).is_some_and(|amount| amount < u128::from(width)) {
            return self.plain(op, ty, a, b);
        }
        if width.is_power_of_two() {
            // Most amounts have been masked like this in the source already, which LLVM sees.
            let most = self.int(ty, u128::from(width) - 1);
            let amount = self.plain("and", ty, b, &most);
            return self.plain(op, ty, a, &amount);
        }
        let result = self.plain(op, ty, a, b);
        self.value(format_args!("freeze {} {result}", self.form.of(ty)))
    }

    /// -1, 0 or 1.
    fn order(&mut self, op: Order, ty: Type, result: Type, a: &Operand, b: &Operand) -> Operand {
        let (more, less) = match op {
            Order::Signed => ("icmp.sgt", "icmp.slt"),
            Order::Unsigned => ("icmp.ugt", "icmp.ult"),
        };
        let (more, less) = (self.compare(more, ty, a, b), self.compare(less, ty, a, b));
        let more = self.change("zext", Type::I1, result, &more);
        let less = self.change("zext", Type::I1, result, &less);
        self.plain("sub", result, &more, &less)
    }

    fn select(&mut self, ty: Type, condition: &Operand, a: &Operand, b: &Operand) -> Operand {
        if ty == Type::BF16 {
            let a = self.change("bitcast", ty, Type::Int(16), a);
            let b = self.change("bitcast", ty, Type::Int(16), b);
            let chosen = self.select(Type::Int(16), condition, &a, &b);
            return self.change("bitcast", Type::Int(16), ty, &chosen);
        }
        let (i1, ty) = (self.form.of(Type::I1), self.form.of(ty));
        self.value(format_args!("select {i1} {condition}, {ty} {a}, {ty} {b}"))
    }

    /// `op` is a name as `icmp.ult`.
    fn compare(&mut self, op: &str, ty: Type, a: &Operand, b: &Operand) -> Operand {
        let (instruction, predicate) = op.split_once('.').expect("a comparison's name has two parts");
        self.value(format_args!("{instruction} {predicate} {} {a}, {b}", self.form.of(ty)))
    }

    /// An instruction of two operands of one type.
    fn plain(&mut self, op: &str, ty: Type, a: &Operand, b: &Operand) -> Operand {
        self.value(format_args!("{op} {} {a}, {b}", self.form.of(ty)))
    }

    /// A cast instruction.
    fn change(&mut self, op: &str, from: Type, to: Type, a: &Operand) -> Operand {
        self.value(format_args!("{op} {} {a} to {}", self.form.of(from), self.form.of(to)))
    }

    /// Calls an intrinsic whose operands and result have one type.
    fn call(&mut self, name: String, ty: Type, operands: &[&Operand], flags: &str) -> Operand {
        let ty = self.form.of(ty);
        let operands: Vec<(&str, &Operand)> = operands.iter().map(|a| (ty.as_str(), *a)).collect();
        self.code.call(&ty, &name, &operands, flags)
    }

    /// An integer in every lane.
    fn int(&self, ty: Type, value: u128) -> Operand {
        self.form.constant(ty, value & ty.mask())
    }

    fn value(&mut self, instruction: std::fmt::Arguments<'_>) -> Operand {
        self.code.value(instruction)
    }
}

/// The value of an operand that is an integer constant, the same in all lanes.
fn constant(operand: &Operand) -> Option<u128> {
    let text = operand.to_string();
    let one = match text.strip_prefix("splat (") {
        Some(inner) => inner.strip_suffix(')')?.split_once(' ')?.1,
        None => &text,
    };
    one.parse().ok()
}
