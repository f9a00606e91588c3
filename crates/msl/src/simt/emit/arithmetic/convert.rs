//! From one type to another.

use super::super::super::code::Operand;
use super::Emitter;
use super::float::fraction_bits;
use crate::kernel::Type;
use crate::kernel::op::Cast;

impl Emitter<'_> {
    /// `None` for pointers, and between floats and integers of more than 64 bits.
    pub(super) fn cast(&mut self, op: Cast, from: Type, to: Type, a: &Operand) -> Option<Operand> {
        Some(match op {
            Cast::Trunc | Cast::ZExt | Cast::SExt | Cast::Bits => self.change(op.name(), from, to, a),
            Cast::FExt if to == Type::F64 => {
                let single = self.single(from, a);
                self.change("fpext", Type::F32, Type::F64, &single)
            }
            Cast::FExt => self.single(from, a),
            Cast::FTrunc if from == Type::F32 => self.rounded(to, a),
            Cast::FTrunc => self.change("fptrunc", from, to, a),
            Cast::SIntToFloat => return self.int_to_float(true, from, to, a),
            Cast::UIntToFloat => return self.int_to_float(false, from, to, a),
            Cast::FloatToSInt => return self.float_to_int(true, from, to, a),
            Cast::FloatToUInt => return self.float_to_int(false, from, to, a),
            Cast::PtrToInt | Cast::IntToPtr | Cast::Space => return None,
        })
    }

    /// To types of 16 bits through single precision, as LLVM does it for one value.
    fn int_to_float(&mut self, signed: bool, from: Type, to: Type, a: &Operand) -> Option<Operand> {
        let whole = machine_integer(from)?;
        let (extend, convert) = if signed { ("sext", "sitofp") } else { ("zext", "uitofp") };
        let a = if whole == from { a.clone() } else { self.change(extend, from, whole, a) };
        let compute = self.compute_type(to);
        let float = self.change(convert, whole, compute, &a);
        Some(if compute == to { float } else { self.rounded(to, &float) })
    }

    /// Towards zero; saturates; NaN gives 0.
    fn float_to_int(&mut self, signed: bool, from: Type, to: Type, a: &Operand) -> Option<Operand> {
        let whole = machine_integer(to)?;
        let float = if from == Type::F64 { from } else { Type::F32 };
        let a = if from == Type::F64 { a.clone() } else { self.single(from, a) };
        // The range, and what of it is a float.
        let bits = to.bits() - u32::from(signed);
        let most = (1u128 << bits) - 1;
        let precision = fraction_bits(float) + 1;
        let reached = if bits <= precision { most } else { most >> (bits - precision) << (bits - precision) };
        let least = if signed { -((1u128 << bits) as f64) } else { 0.0 };
        let (low, high) = (self.float(float, least), self.float(float, reached as f64));

        // One instruction each: the comparison fails for a NaN, which becomes the lower limit.
        let above = self.compare("fcmp.ogt", float, &a, &low);
        let within = self.select(float, &above, &a, &low);
        let below = self.compare("fcmp.olt", float, &within, &high);
        let within = self.select(float, &below, &within, &high);
        let mut result = self.change(if signed { "fptosi" } else { "fptoui" }, float, whole, &within);
        if reached != most {
            let over = self.compare("fcmp.ogt", float, &a, &high);
            let most = self.int(whole, most);
            result = self.select(whole, &over, &most, &result);
        }
        if signed {
            let nan = self.compare("fcmp.uno", float, &a, &a);
            let zero = self.int(whole, 0);
            result = self.select(whole, &nan, &zero, &result);
        }
        Some(if whole == to { result } else { self.change("trunc", whole, to, &result) })
    }

    fn float(&self, ty: Type, value: f64) -> Operand {
        let bits = if ty == Type::F64 { value.to_bits() } else { (value as f32).to_bits().into() };
        self.form.constant(ty, bits.into())
    }
}

/// The integer that machines convert, of those that hold this type's.
fn machine_integer(ty: Type) -> Option<Type> {
    match ty.bits() {
        ..=32 => Some(Type::I32),
        33..=64 => Some(Type::I64),
        _ => None,
    }
}
