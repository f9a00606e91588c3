//! Division of integers.

use super::super::super::code::{Form, Operand};
use super::{Emitter, constant};
use crate::kernel::Type;
use crate::kernel::op::Binary;

impl Emitter<'_> {
    /// The quotient or remainder. Division by zero, and of the least integer by -1, divides by 1 instead: nothing
    /// traps, whatever is in lanes that do not count. `None` if it takes more than 64 bits.
    pub(super) fn division(&mut self, op: Binary, ty: Type, a: &Operand, b: &Operand) -> Option<Operand> {
        let signed = matches!(op, Binary::SDiv | Binary::SRem);
        let remainder = matches!(op, Binary::URem | Binary::SRem);
        let bits = ty.bits();
        if bits > 64 {
            return None;
        }
        if bits == 1 {
            // Only 1 divides, or -1, which is the same.
            return Some(if remainder { self.int(ty, 0) } else { a.clone() });
        }
        let b = &self.divisor(signed, ty, a, b);
        // LLVM multiplies instead of dividing by a constant, and divides vectors one lane after the other.
        if self.form == Form::Scalar || bits > 32 || constant(b).is_some() {
            return Some(self.plain(op.name(), ty, a, b));
        }
        // Both operands are exact in the float, and the quotient is not rounded up to the next integer: if the
        // dividend is below 2^n it is at least a part of 2^-n away from that, and the float has more than n bits.
        let float = if bits <= 16 { Type::F32 } else { Type::F64 };
        let extend = if signed { "sext" } else { "zext" };
        let whole = Type::I32;
        let (a, b) = if bits < 32 {
            (self.change(extend, ty, whole, a), self.change(extend, ty, whole, b))
        } else {
            (a.clone(), b.clone())
        };
        // Narrow integers are positive as signed ones, whose conversions are cheaper.
        let sign = if signed || bits < 32 { 's' } else { 'u' };
        let x = self.change(&format!("{sign}itofp"), whole, float, &a);
        let y = self.change(&format!("{sign}itofp"), whole, float, &b);
        let quotient = self.plain("fdiv", float, &x, &y);
        let mut result = self.change(&format!("fpto{sign}i"), float, whole, &quotient);
        if remainder {
            let product = self.plain("mul", whole, &result, &b);
            result = self.plain("sub", whole, &a, &product);
        }
        Some(if bits < 32 { self.change("trunc", whole, ty, &result) } else { result })
    }

    /// The divisor, 1 where it must not be used.
    fn divisor(&mut self, signed: bool, ty: Type, a: &Operand, b: &Operand) -> Operand {
        let least = 1 << (ty.bits() - 1);
        if constant(b).is_some_and(|b| b != 0 && (!signed || b != ty.mask())) {
            return b.clone();
        }
        let zero = self.int(ty, 0);
        let mut bad = self.compare("icmp.eq", ty, b, &zero);
        if signed {
            let (least, minus_one) = (self.int(ty, least), self.int(ty, ty.mask()));
            let is_least = self.compare("icmp.eq", ty, a, &least);
            let is_minus_one = self.compare("icmp.eq", ty, b, &minus_one);
            let overflows = self.plain("and", Type::I1, &is_least, &is_minus_one);
            bad = self.plain("or", Type::I1, &bad, &overflows);
        }
        let one = self.int(ty, 1);
        self.select(ty, &bad, &one, b)
    }
}
