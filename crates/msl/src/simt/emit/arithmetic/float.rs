//! Arithmetic of floats.

use super::super::super::code::Operand;
use super::{Emitter, intrinsic};
use crate::kernel::Type;
use crate::kernel::op::{Binary, Ternary, Unary};

impl Emitter<'_> {
    pub(super) fn float_unary(&mut self, op: Unary, ty: Type, a: &Operand) -> Operand {
        let (bits, sign) = (Type::Int(ty.bits() as u8), 1 << (ty.bits() - 1));
        match op {
            Unary::FNeg if ty != Type::BF16 => {
                let flags = self.flags();
                self.value(format_args!("fneg {flags}{} {a}", self.form.of(ty)))
            }
            Unary::FNeg => {
                let sign = self.int(bits, sign);
                self.with_bits(ty, a, |e, a| e.plain("xor", bits, a, &sign))
            }
            Unary::FAbs if ty == Type::BF16 => {
                let others = self.int(bits, !sign);
                self.with_bits(ty, a, |e, a| e.plain("and", bits, a, &others))
            }
            Unary::FAbs => self.float_call("fabs", ty, &[a]),
            // LLVM generates no code for its own operation.
            Unary::Canonicalize => {
                let compute = self.compute_type(ty);
                let wide = self.widen(ty, a);
                let nan = self.compare("fcmp.uno", compute, &wide, &wide);
                let quiet = self.int(bits, 1 << (fraction_bits(ty) - 1));
                self.with_bits(ty, a, |e, a| {
                    let quieted = e.plain("or", bits, a, &quiet);
                    e.select(bits, &nan, &quieted, a)
                })
            }
            _ => {
                let name = match op {
                    Unary::RoundToZero => "trunc",
                    other => other.name(),
                };
                self.computed(ty, &[a], |e, ty, operands| e.float_call(name, ty, operands))
            }
        }
    }

    pub(super) fn float_binary(&mut self, op: Binary, ty: Type, a: &Operand, b: &Operand) -> Operand {
        match op {
            Binary::CopySign if ty == Type::BF16 => {
                let bits = Type::Int(16);
                let (sign, others) = (self.int(bits, 0x8000), self.int(bits, 0x7fff));
                let b = self.change("bitcast", ty, bits, b);
                let sign = self.plain("and", bits, &b, &sign);
                self.with_bits(ty, a, |e, a| {
                    let magnitude = e.plain("and", bits, a, &others);
                    e.plain("or", bits, &magnitude, &sign)
                })
            }
            Binary::CopySign => self.float_call("copysign", ty, &[a, b]),
            Binary::LoadExponent => self.load_exponent(ty, a, b),
            _ => self.computed(ty, &[a, b], |e, ty, operands| {
                let (a, b) = (operands[0], operands[1]);
                let fast = e.fast_math;
                // With a comparison, whose result is always something, in place of a promise that leaves it open.
                let less = match op {
                    Binary::MinNum if fast.no_nans() => Some("fcmp.olt"),
                    Binary::MaxNum if fast.no_nans() => Some("fcmp.ogt"),
                    Binary::Minimum if fast.no_nans() && fast.no_signed_zeros() => Some("fcmp.olt"),
                    Binary::Maximum if fast.no_nans() && fast.no_signed_zeros() => Some("fcmp.ogt"),
                    _ => None,
                };
                if let Some(less) = less {
                    let less = e.compare(less, ty, a, b);
                    return e.select(ty, &less, a, b);
                }
                match op {
                    Binary::FAdd | Binary::FSub | Binary::FMul | Binary::FDiv | Binary::FRem => {
                        let op = format!("{} {}", op.name(), e.flags());
                        e.plain(op.trim_end(), ty, a, b)
                    }
                    _ => e.float_call(op.name(), ty, operands),
                }
            }),
        }
    }

    pub(super) fn float_ternary(
        &mut self,
        op: Ternary,
        ty: Type,
        a: &Operand,
        b: &Operand,
        c: &Operand,
    ) -> Operand {
        if op == Ternary::FMulAdd && self.compute_type(ty) != ty {
            let product = self.float_binary(Binary::FMul, ty, a, b);
            return self.float_binary(Binary::FAdd, ty, &product, c);
        }
        self.computed(ty, &[a, b, c], |e, ty, operands| e.float_call(op.name(), ty, operands))
    }

    /// A float times two to the power of an `i32`, rounded once but in types of 16 bits.
    fn load_exponent(&mut self, ty: Type, a: &Operand, b: &Operand) -> Operand {
        if ty == Type::F64 {
            let name = format!("{}.i32", intrinsic("ldexp", "", &self.form.mangled(ty)));
            let name = name.replace(".i32", &format!(".{}", self.form.mangled(Type::I32)));
            let (double, int) = (self.form.of(ty), self.form.of(Type::I32));
            return self.code.call(&double, &name, &[(&double, a), (&int, b)], "");
        }
        // A double holds every single times a power of two within the single's range and beyond it.
        let (least, most) = (self.int(Type::I32, -400i128 as u128), self.int(Type::I32, 400));
        let name = |e: &Self, name: &str| intrinsic(name, "", &e.form.mangled(Type::I32));
        let b = self.call(name(self, "smax"), Type::I32, &[b, &least], "");
        let b = self.call(name(self, "smin"), Type::I32, &[&b, &most], "");
        let (bias, place) = (self.int(Type::I32, 1023), self.int(Type::I64, 52));
        let b = self.plain("add", Type::I32, &b, &bias);
        let b = self.change("zext", Type::I32, Type::I64, &b);
        let b = self.plain("shl", Type::I64, &b, &place);
        let power = self.change("bitcast", Type::I64, Type::F64, &b);
        let single = self.single(ty, a);
        let double = self.change("fpext", Type::F32, Type::F64, &single);
        let product = self.plain("fmul", Type::F64, &double, &power);
        let single = self.change("fptrunc", Type::F64, Type::F32, &product);
        self.rounded(ty, &single)
    }

    /// Fraction, from a half to one, and exponent, an `i32`; of 0 and of what is not finite, itself and 0.
    pub(super) fn split_exponent(&mut self, ty: Type, a: &Operand) -> [Operand; 2] {
        let compute = if ty == Type::F64 { ty } else { Type::F32 };
        let a = if ty == Type::F64 { a.clone() } else { self.single(ty, a) };
        let bits = Type::Int(compute.bits() as u8);
        let place = fraction_bits(compute);
        let sign = 1u128 << (compute.bits() - 1);
        let infinity = sign - (1 << place);
        let half = (infinity >> (place + 1) << place) - (1 << place);
        let shift = u128::from(place) + 1;

        let raw = self.change("bitcast", compute, bits, &a);
        let (magnitudes, least) = (self.int(bits, !sign), self.int(bits, 1 << place));
        let magnitude = self.plain("and", bits, &raw, &magnitudes);
        let subnormal = self.compare("icmp.ult", bits, &magnitude, &least);
        // Two to the power of `shift`, by which a subnormal number becomes a normal one.
        let scale = self.form.constant(compute, half + ((shift + 1) << place));
        let scaled = self.plain("fmul", compute, &a, &scale);
        let normal = self.select(compute, &subnormal, &scaled, &a);
        let normal = self.change("bitcast", compute, bits, &normal);

        let kept = self.int(bits, sign | ((1 << place) - 1));
        let fraction = self.plain("and", bits, &normal, &kept);
        let exponent_of_half = self.int(bits, half);
        let fraction = self.plain("or", bits, &fraction, &exponent_of_half);
        let fraction = self.change("bitcast", bits, compute, &fraction);

        let (place_of, ones) = (self.int(bits, place.into()), self.int(bits, infinity >> place));
        let exponent = self.plain("lshr", bits, &normal, &place_of);
        let exponent = self.plain("and", bits, &exponent, &ones);
        let (bias, more) = (self.int(bits, half >> place), self.int(bits, (half >> place) + shift));
        let bias = self.select(bits, &subnormal, &more, &bias);
        let exponent = self.plain("sub", bits, &exponent, &bias);

        // 0, which becomes the greatest integer, and from infinity on.
        let (one, last) = (self.int(bits, 1), self.int(bits, infinity - 1));
        let before = self.plain("sub", bits, &magnitude, &one);
        let itself = self.compare("icmp.uge", bits, &before, &last);
        let zero = self.int(bits, 0);
        let fraction = self.select(compute, &itself, &a, &fraction);
        let exponent = self.select(bits, &itself, &zero, &exponent);
        if ty == Type::F64 {
            return [fraction, self.change("trunc", bits, Type::I32, &exponent)];
        }
        [self.rounded(ty, &fraction), exponent]
    }

    /// Whether a float is in one of the classes of a mask.
    pub(super) fn is_class(&mut self, mask: u16, ty: Type, a: &Operand) -> Operand {
        if ty.bits() > 16 {
            let name = intrinsic("is.fpclass", "", &self.form.mangled(ty));
            let (float, mask) = (self.form.of(ty), Operand::int(mask.into()));
            return self.code.call(&self.form.of(Type::I1), &name, &[(&float, a), ("i32", &mask)], "");
        }
        // LLVM would compare the floats lane by lane.
        let int = Type::Int(16);
        let bits = self.change("bitcast", ty, int, a);
        let mut result: Option<Operand> = None;
        for (first, length) in ranges_of_classes(mask, ty) {
            let (first, length) = (self.int(int, first), self.int(int, length - 1));
            let above = self.plain("sub", int, &bits, &first);
            let within = self.compare("icmp.ule", int, &above, &length);
            result = Some(match result {
                Some(others) => self.plain("or", Type::I1, &others, &within),
                None => within,
            });
        }
        result.unwrap_or_else(|| self.int(Type::I1, 0))
    }

    /// Calls an intrinsic of floats with the flags of fast math.
    fn float_call(&mut self, name: &str, ty: Type, operands: &[&Operand]) -> Operand {
        let flags = self.flags();
        self.call(intrinsic(name, "", &self.form.mangled(ty)), ty, operands, flags.trim_end())
    }

    /// The flags of fast math, with a space after each.
    fn flags(&self) -> String {
        self.fast_math.harmless().names().iter().map(|name| format!("{name} ")).collect()
    }

    /// An operation done in the type that this one is computed in.
    fn computed(
        &mut self,
        ty: Type,
        operands: &[&Operand],
        operation: impl FnOnce(&mut Self, Type, &[&Operand]) -> Operand,
    ) -> Operand {
        let compute = self.compute_type(ty);
        let wide: Vec<Operand> = operands.iter().map(|a| self.widen(ty, a)).collect();
        let wide: Vec<&Operand> = wide.iter().collect();
        let result = operation(self, compute, &wide);
        if compute == ty { result } else { self.rounded(ty, &result) }
    }

    /// An operation on the bits of a float.
    fn with_bits(
        &mut self,
        ty: Type,
        a: &Operand,
        operation: impl FnOnce(&mut Self, &Operand) -> Operand,
    ) -> Operand {
        let bits = Type::Int(ty.bits() as u8);
        let a = self.change("bitcast", ty, bits, a);
        let result = operation(self, &a);
        self.change("bitcast", bits, ty, &result)
    }

    /// The type in which operations of this type are computed.
    pub(super) fn compute_type(&self, ty: Type) -> Type {
        match ty {
            Type::BF16 => Type::F32,
            Type::F16 if !self.code.native_half() => Type::F32,
            other => other,
        }
    }

    /// A value in the type in which it is computed.
    pub(super) fn widen(&mut self, ty: Type, a: &Operand) -> Operand {
        if self.compute_type(ty) == ty { a.clone() } else { self.single(ty, a) }
    }

    /// A value of at most 32 bits in single precision.
    pub(super) fn single(&mut self, ty: Type, a: &Operand) -> Operand {
        match ty {
            Type::BF16 => {
                let a = self.change("bitcast", ty, Type::Int(16), a);
                let a = self.change("zext", Type::Int(16), Type::I32, &a);
                let half = self.int(Type::I32, 16);
                let a = self.plain("shl", Type::I32, &a, &half);
                self.change("bitcast", Type::I32, Type::F32, &a)
            }
            Type::F16 => {
                let single = self.change("fpext", ty, Type::F32, a);
                if self.code.native_half() {
                    return single;
                }
                // Else LLVM would move operations before the conversion, and take vectors of halves apart.
                self.call(
                    intrinsic("arithmetic.fence", "", &self.form.mangled(Type::F32)),
                    Type::F32,
                    &[&single],
                    "",
                )
            }
            _ => a.clone(),
        }
    }

    /// A single rounded to a type of at most 32 bits.
    pub(super) fn rounded(&mut self, ty: Type, a: &Operand) -> Operand {
        match ty {
            Type::BF16 => {
                let int = Type::I32;
                let nan = self.compare("fcmp.uno", Type::F32, a, a);
                let bits = self.change("bitcast", Type::F32, int, a);
                let (place, one) = (self.int(int, 16), self.int(int, 1));
                let (below, quiet) = (self.int(int, 0x7fff), self.int(int, 0x40));
                let high = self.plain("lshr", int, &bits, &place);
                let odd = self.plain("and", int, &high, &one);
                let rounded = self.plain("add", int, &bits, &below);
                let rounded = self.plain("add", int, &rounded, &odd);
                let rounded = self.plain("lshr", int, &rounded, &place);
                let quieted = self.plain("or", int, &high, &quiet);
                let result = self.select(int, &nan, &quieted, &rounded);
                let result = self.change("trunc", int, Type::Int(16), &result);
                self.change("bitcast", Type::Int(16), ty, &result)
            }
            Type::F16 => self.change("fptrunc", Type::F32, ty, a),
            _ => a.clone(),
        }
    }
}

/// The bits of a type of 16 bits that are in one of the classes of a mask: first ones and lengths of ranges.
fn ranges_of_classes(mask: u16, ty: Type) -> Vec<(u128, u128)> {
    let one = 1u128 << fraction_bits(ty);
    let infinity = 0x8000 - one;
    // Where the classes of positive numbers start, from 0 on, and the bits of the mask for them and for negative ones.
    let starts = [0, 1, one, infinity, infinity + 1, infinity + one / 2, 0x8000];
    let classes = [[6, 7, 8, 9, 0, 1], [5, 4, 3, 2, 0, 1]];
    let mut ranges: Vec<(u128, u128)> = Vec::new();
    for (sign, classes) in [0, 0x8000].into_iter().zip(classes) {
        for (bounds, class) in starts.windows(2).zip(classes) {
            if mask >> class & 1 == 0 {
                continue;
            }
            let (first, length) = (sign + bounds[0], bounds[1] - bounds[0]);
            match ranges.last_mut() {
                Some(last) if last.0 + last.1 == first => last.1 += length,
                _ => ranges.push((first, length)),
            }
        }
    }
    ranges
}

/// Bits of the fraction of a float.
pub(super) fn fraction_bits(ty: Type) -> u32 {
    match ty {
        Type::F16 => 10,
        Type::BF16 => 7,
        Type::F32 => 23,
        _ => 52,
    }
}
