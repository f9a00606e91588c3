//! Constants: `5:i32`, `-0.5:f32`, `nan(0x7fc00000):f32`, `null:ptr.device`, `true`.

use half::{bf16, f16};

use super::super::Type;
use super::tokens::Line;
use super::ty;

/// A constant's type and bits.
pub(super) fn literal(line: &mut Line) -> Result<(Type, u128), String> {
    let word = match line.peek_word() {
        Some(_) => line.word()?,
        None => return Err(format!("expected a value or a constant before {}", line.rest())),
    };
    match word.as_str() {
        "true" => return Ok((Type::I1, 1)),
        "false" => return Ok((Type::I1, 0)),
        _ => {}
    }
    let payload = if line.take('(') {
        let payload = line.word()?;
        line.expect(')')?;
        Some(payload)
    } else {
        None
    };
    line.expect(':')?;
    let ty = ty(line)?;
    let wrong = || format!("`{word}` is not a constant of type {ty}");
    let bits = match payload {
        Some(payload) => {
            let digits = payload.strip_prefix("0x").filter(|_| word == "nan").ok_or_else(wrong)?;
            let bits = u128::from_str_radix(digits, 16).map_err(|_| wrong())?;
            let fits = bits <= ty.mask();
            if !fits || !is_nan(ty, bits) {
                return Err(format!("`{payload}` are not the bits of a NaN of type {ty}"));
            }
            bits
        }
        None => scalar(&word, ty).ok_or_else(wrong)?,
    };
    Ok((ty, bits))
}

fn scalar(word: &str, ty: Type) -> Option<u128> {
    let bits = match ty {
        Type::Int(width) => {
            let value: i128 = word.parse().ok()?;
            let unused = 128 - u32::from(width);
            if value << unused >> unused != value {
                return None;
            }
            value as u128
        }
        Type::Ptr(_) => (word == "null").then_some(0)?,
        _ if word.eq_ignore_ascii_case("nan") => return None,
        Type::F16 => f16::from_f32(word.parse().ok()?).to_bits().into(),
        Type::BF16 => bf16::from_f32(word.parse().ok()?).to_bits().into(),
        Type::F32 => word.parse::<f32>().ok()?.to_bits().into(),
        Type::F64 => word.parse::<f64>().ok()?.to_bits().into(),
    };
    Some(bits & ty.mask())
}

fn is_nan(ty: Type, bits: u128) -> bool {
    match ty {
        Type::F16 => f16::from_bits(bits as u16).is_nan(),
        Type::BF16 => bf16::from_bits(bits as u16).is_nan(),
        Type::F32 => f32::from_bits(bits as u32).is_nan(),
        Type::F64 => f64::from_bits(bits as u64).is_nan(),
        Type::Int(_) | Type::Ptr(_) => false,
    }
}
