//! Arithmetic on bits: integers wrap, floats are rounded once to their type.

use half::{bf16, f16};

use super::super::Type;
use super::super::op::{Binary, Cast, FloatCompare, IntCompare, Modify, Overflow, Ternary, Unary};

/// An integer's value with its sign.
pub(crate) fn signed(ty: Type, bits: u128) -> i128 {
    let unused = 128 - ty.bits();
    (bits << unused) as i128 >> unused
}

pub(crate) fn to_f64(ty: Type, bits: u128) -> f64 {
    match ty {
        Type::F16 => f16::from_bits(bits as u16).to_f64(),
        Type::BF16 => bf16::from_bits(bits as u16).to_f64(),
        Type::F32 => f32::from_bits(bits as u32).into(),
        _ => f64::from_bits(bits as u64),
    }
}

pub(crate) fn from_f64(ty: Type, value: f64) -> u128 {
    match ty {
        Type::F16 => f16::from_f32(odd_single(value)).to_bits().into(),
        Type::BF16 => bf16::from_f32(odd_single(value)).to_bits().into(),
        Type::F32 => (value as f32).to_bits().into(),
        _ => value.to_bits().into(),
    }
}

/// A double as a single that is odd where it is not exact, so that rounding it to a type of 16 bits rounds but once.
/// (The crate's conversions from doubles ignore their lowest bits.)
fn odd_single(value: f64) -> f32 {
    let nearest = value as f32;
    if f64::from(nearest) == value || !nearest.is_finite() && !value.is_finite() {
        return nearest;
    }
    let towards_zero =
        if f64::from(nearest).abs() > value.abs() { f32::from_bits(nearest.to_bits() - 1) } else { nearest };
    f32::from_bits(towards_zero.to_bits() | 1)
}

fn sign_bit(ty: Type) -> u128 {
    1 << (ty.bits() - 1)
}

/// Bits of the fraction of a float.
fn fraction_bits(ty: Type) -> u32 {
    match ty {
        Type::F16 => 10,
        Type::BF16 => 7,
        Type::F32 => 23,
        _ => 52,
    }
}

pub(crate) fn unary(op: Unary, ty: Type, bits: u128) -> u128 {
    let float = |f: fn(f64) -> f64| from_f64(ty, f(to_f64(ty, bits)));
    let width = ty.bits();
    match op {
        Unary::Abs => signed(ty, bits).unsigned_abs(),
        Unary::BitReverse => bits.reverse_bits() >> (128 - width),
        Unary::ByteSwap => bits.swap_bytes() >> (128 - width),
        Unary::CountLeadingZeros => (bits.leading_zeros() - (128 - width)).into(),
        Unary::CountTrailingZeros => bits.trailing_zeros().min(width).into(),
        Unary::PopCount => bits.count_ones().into(),
        Unary::FNeg => bits ^ sign_bit(ty),
        Unary::FAbs => bits & !sign_bit(ty),
        Unary::Sqrt => float(f64::sqrt),
        Unary::Floor => float(f64::floor),
        Unary::Ceil => float(f64::ceil),
        Unary::RoundToZero => float(f64::trunc),
        Unary::RoundTiesEven => float(f64::round_ties_even),
        Unary::RoundTiesAway => float(f64::round),
        Unary::Canonicalize => bits,
    }
}

/// `Err` for what has no result.
pub(crate) fn binary(op: Binary, ty: Type, a: u128, b: u128) -> Result<u128, String> {
    let (x, y) = (signed(ty, a), signed(ty, b));
    let (f, g) = (to_f64(ty, a), to_f64(ty, b));
    let float = |value: f64| from_f64(ty, value);
    // Beyond the width anything may come; nothing that counts may depend on it.
    let amount = (b % u128::from(ty.bits())) as u32;
    let divisor = || if b == 0 { Err("division by zero") } else { Ok(()) };
    let (least, most) = (i128::MIN >> (128 - ty.bits()), i128::MAX >> (128 - ty.bits()));
    Ok(match op {
        Binary::Add => a.wrapping_add(b),
        Binary::Sub => a.wrapping_sub(b),
        Binary::Mul => a.wrapping_mul(b),
        Binary::UDiv => divisor().map(|()| a / b)?,
        Binary::URem => divisor().map(|()| a % b)?,
        Binary::SDiv => divisor().map(|()| x.wrapping_div(y) as u128)?,
        Binary::SRem => divisor().map(|()| x.wrapping_rem(y) as u128)?,
        Binary::And => a & b,
        Binary::Or => a | b,
        Binary::Xor => a ^ b,
        Binary::Shl => a << amount,
        Binary::LShr => a >> amount,
        Binary::AShr => (x >> amount) as u128,
        Binary::SMin => x.min(y) as u128,
        Binary::SMax => x.max(y) as u128,
        Binary::UMin => a.min(b),
        Binary::UMax => a.max(b),
        Binary::SAddSat => x.saturating_add(y).clamp(least, most) as u128,
        Binary::SSubSat => x.saturating_sub(y).clamp(least, most) as u128,
        Binary::UAddSat => a.saturating_add(b).min(ty.mask()),
        Binary::USubSat => a.saturating_sub(b),
        Binary::FAdd => float(f + g),
        Binary::FSub => float(f - g),
        Binary::FMul => float(f * g),
        Binary::FDiv => float(f / g),
        Binary::FRem => float(f % g),
        Binary::MinNum | Binary::Minimum | Binary::MaxNum | Binary::Maximum => {
            let quiet = matches!(op, Binary::MinNum | Binary::MaxNum);
            let least = matches!(op, Binary::MinNum | Binary::Minimum);
            match (f.is_nan(), g.is_nan()) {
                (true, true) => a,
                (true, false) => {
                    if quiet {
                        b
                    } else {
                        a
                    }
                }
                (false, true) => {
                    if quiet {
                        a
                    } else {
                        b
                    }
                }
                (false, false) if f == g => {
                    if least == f.is_sign_negative() {
                        a
                    } else {
                        b
                    }
                }
                (false, false) => {
                    if (f < g) == least {
                        a
                    } else {
                        b
                    }
                }
            }
        }
        Binary::CopySign => a & !sign_bit(ty) | b & sign_bit(ty),
        Binary::LoadExponent => float(f * 2f64.powi((b as u32 as i32).clamp(-1000, 1000))),
    })
}

pub(crate) fn ternary(op: Ternary, ty: Type, a: u128, b: u128, c: u128) -> u128 {
    let width = ty.bits();
    let amount = (c % u128::from(width)) as u32;
    match op {
        Ternary::Fma | Ternary::FMulAdd if ty == Type::F32 => {
            let [a, b, c] = [a, b, c].map(|bits| f32::from_bits(bits as u32));
            a.mul_add(b, c).to_bits().into()
        }
        Ternary::Fma | Ternary::FMulAdd => from_f64(ty, to_f64(ty, a).mul_add(to_f64(ty, b), to_f64(ty, c))),
        Ternary::FunnelShiftLeft if amount == 0 => a,
        Ternary::FunnelShiftLeft => a << amount | b >> (width - amount),
        Ternary::FunnelShiftRight if amount == 0 => b,
        Ternary::FunnelShiftRight => a << (width - amount) | b >> amount,
    }
}

/// The wrapped result, and whether it wrapped. Widths are below 128.
pub(crate) fn overflow(op: Overflow, ty: Type, a: u128, b: u128) -> (u128, bool) {
    let (x, y) = (signed(ty, a), signed(ty, b));
    let exact = match op {
        Overflow::SAdd => x.checked_add(y),
        Overflow::SSub => x.checked_sub(y),
        Overflow::SMul => x.checked_mul(y),
        Overflow::UAdd => i128::try_from(a + b).ok(),
        Overflow::USub => Some(a as i128 - b as i128),
        Overflow::UMul => a.checked_mul(b).and_then(|p| i128::try_from(p).ok()),
    };
    let unsigned = matches!(op, Overflow::UAdd | Overflow::USub | Overflow::UMul);
    let wrapped = match op {
        Overflow::SAdd | Overflow::UAdd => a.wrapping_add(b),
        Overflow::SSub | Overflow::USub => a.wrapping_sub(b),
        Overflow::SMul | Overflow::UMul => a.wrapping_mul(b),
    } & ty.mask();
    let back = if unsigned { wrapped as i128 } else { signed(ty, wrapped) };
    (wrapped, exact != Some(back))
}

pub(crate) fn cast(op: Cast, from: Type, to: Type, bits: u128) -> u128 {
    match op {
        Cast::Trunc | Cast::ZExt | Cast::Bits | Cast::PtrToInt | Cast::IntToPtr | Cast::Space => bits,
        Cast::SExt => signed(from, bits) as u128,
        Cast::FTrunc | Cast::FExt => from_f64(to, to_f64(from, bits)),
        Cast::SIntToFloat if to == Type::F32 => (signed(from, bits) as f32).to_bits().into(),
        Cast::UIntToFloat if to == Type::F32 => (bits as f32).to_bits().into(),
        Cast::SIntToFloat => from_f64(to, signed(from, bits) as f64),
        Cast::UIntToFloat => from_f64(to, bits as f64),
        Cast::FloatToSInt => {
            let limit = 1i128 << (to.bits() - 1).min(126);
            (to_f64(from, bits) as i128).clamp(-limit, limit - 1) as u128
        }
        Cast::FloatToUInt => (to_f64(from, bits) as u128).min(to.mask()),
    }
}

pub(crate) fn int_compare(op: IntCompare, ty: Type, a: u128, b: u128) -> bool {
    let (x, y) = (signed(ty, a), signed(ty, b));
    match op {
        IntCompare::Eq => a == b,
        IntCompare::Ne => a != b,
        IntCompare::Ugt => a > b,
        IntCompare::Uge => a >= b,
        IntCompare::Ult => a < b,
        IntCompare::Ule => a <= b,
        IntCompare::Sgt => x > y,
        IntCompare::Sge => x >= y,
        IntCompare::Slt => x < y,
        IntCompare::Sle => x <= y,
    }
}

pub(crate) fn float_compare(op: FloatCompare, ty: Type, a: u128, b: u128) -> bool {
    let (a, b) = (to_f64(ty, a), to_f64(ty, b));
    let unordered = a.is_nan() || b.is_nan();
    match op {
        FloatCompare::False => false,
        FloatCompare::Oeq => a == b,
        FloatCompare::Ogt => a > b,
        FloatCompare::Oge => a >= b,
        FloatCompare::Olt => a < b,
        FloatCompare::Ole => a <= b,
        FloatCompare::One => !unordered && a != b,
        FloatCompare::Ord => !unordered,
        FloatCompare::Uno => unordered,
        FloatCompare::Ueq => unordered || a == b,
        FloatCompare::Ugt => unordered || a > b,
        FloatCompare::Uge => unordered || a >= b,
        FloatCompare::Ult => unordered || a < b,
        FloatCompare::Ule => unordered || a <= b,
        FloatCompare::Une => a != b,
        FloatCompare::True => true,
    }
}

/// Whether a float is in one of the classes of an LLVM mask.
pub(crate) fn is_class(ty: Type, bits: u128, mask: u16) -> bool {
    let fraction = fraction_bits(ty);
    let negative = bits & sign_bit(ty) != 0;
    let magnitude = bits & !sign_bit(ty);
    let infinity = sign_bit(ty) - (1 << fraction);
    let class = if magnitude > infinity {
        // A quiet NaN has the highest bit of the fraction.
        u32::from(magnitude >> (fraction - 1) & 1 != 0)
    } else {
        let kind = match magnitude {
            m if m == infinity => 0,
            m if m >> fraction != 0 => 1,
            0 => 3,
            _ => 2,
        };
        if negative { 2 + kind } else { 9 - kind }
    };
    mask >> class & 1 != 0
}

/// Fraction from a half to one, and exponent.
pub(crate) fn split_exponent(ty: Type, bits: u128) -> (u128, i32) {
    let value = to_f64(ty, bits);
    if value == 0.0 || !value.is_finite() {
        return (bits, 0);
    }
    let exponent = ((value.to_bits() >> 52 & 0x7ff) as i32) - 1022;
    (from_f64(ty, value / 2f64.powi(exponent)), exponent)
}

pub(crate) fn modify(op: Modify, ty: Type, old: u128, value: u128) -> u128 {
    let by = |op: Binary| binary(op, ty, old, value).unwrap_or(0);
    match op {
        Modify::Exchange => value,
        Modify::Nand => !(old & value),
        Modify::Add => by(Binary::Add),
        Modify::Sub => by(Binary::Sub),
        Modify::And => by(Binary::And),
        Modify::Or => by(Binary::Or),
        Modify::Xor => by(Binary::Xor),
        Modify::SMax => by(Binary::SMax),
        Modify::SMin => by(Binary::SMin),
        Modify::UMax => by(Binary::UMax),
        Modify::UMin => by(Binary::UMin),
        Modify::FAdd => by(Binary::FAdd),
        Modify::FSub => by(Binary::FSub),
        Modify::FMax => by(Binary::MaxNum),
        Modify::FMin => by(Binary::MinNum),
    }
}
