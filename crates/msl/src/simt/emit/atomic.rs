//! Atomic operations of lanes.
//!
//! The lanes' operations happen in the order of the lanes, as if one thread ran after the other. Lanes that are not
//! active touch no memory; they find anything, and their exchanges seem to succeed, so that none is tried again for
//! ever.
//!
//! What is written here starts new blocks: the caller goes on in the one that is then being written.

use super::super::code::{Code, Form, Operand};
use super::collective;
use crate::kernel::op::{Access, Modify};
use crate::kernel::{Op, Type};
use crate::runtime::{Collective, Element, Operator, Shape};

/// Writes an atomic operation (a modification, compare-and-exchange, load or store) of each active lane on a place of
/// its own. `ty` is the type in memory, `places` a vector of `ptr`, aligned to the type's size; `values` are vectors.
/// Returns the operation's results as vectors.
///
/// # Errors
///
/// What is not supported: the operation by its name.
pub(super) fn each_lane(
    code: &mut Code,
    op: Op,
    ty: Type,
    places: &Operand,
    values: &[Operand],
    active: &Operand,
) -> Result<Vec<Operand>, String> {
    lane_by_lane(code, op, ty, Places::Each(places), values, active)
}

/// As [`each_lane`], with one place, a scalar `ptr`, for all lanes. Most modifications of integers become a single one
/// of what the lanes do together; `used` says whether anybody looks at what was there before.
pub(super) fn same_place(
    code: &mut Code,
    op: Op,
    ty: Type,
    place: &Operand,
    values: &[Operand],
    active: &Operand,
    used: bool,
) -> Result<Vec<Operand>, String> {
    let together = match op {
        Op::Modify(modify) => operator(modify, ty).map(|(operator, element)| (modify, operator, element)),
        _ => None,
    };
    match (together, values) {
        (Some((modify, operator, element)), [value]) => {
            let whole = Collective { quad: false, shape: Shape::Reduce, operator, element };
            let total = collective::reduce(code, whole, value, active);
            let scalar = Form::Scalar.of(ty);
            let before = code.place(&scalar, u64::from(ty.bytes()));
            code.effect(format_args!("store {scalar} 0, ptr {before}"));
            if_any(code, active, |code| {
                let old = modify_one(code, modify, ty, place, &total);
                code.effect(format_args!("store {scalar} {old}, ptr {before}"));
            });
            if !used {
                return Ok(vec![Operand::new("zeroinitializer")]);
            }
            let before = code.value(format_args!("load {scalar}, ptr {before}"));
            let before = code.splat(&scalar, &before);
            let scan = Collective { shape: Shape::ScanExclusive, ..whole };
            let others = collective::emit(code, scan, value, active);
            let form = code.lane_form();
            let vector = form.of(ty);
            let name = match modify {
                Modify::SMax => "smax",
                Modify::SMin => "smin",
                Modify::UMax => "umax",
                Modify::UMin => "umin",
                plain => {
                    let instruction = rmw(plain);
                    return Ok(vec![code.value(format_args!("{instruction} {vector} {before}, {others}"))]);
                }
            };
            let name = format!("llvm.{name}.{}", form.mangled(ty));
            Ok(vec![code.call(&vector, &name, &[(&vector, &before), (&vector, &others)], "")])
        }
        _ => lane_by_lane(code, op, ty, Places::Same(place), values, active),
    }
}

/// How the lanes' values come together in an operation that does not depend on their order.
fn operator(modify: Modify, ty: Type) -> Option<(Operator, Element)> {
    let (signed, unsigned) = match ty {
        Type::I32 => (Element::I32, Element::U32),
        Type::I64 => (Element::I64, Element::U64),
        _ => return None,
    };
    Some(match modify {
        Modify::Add | Modify::Sub => (Operator::Add, unsigned),
        Modify::And => (Operator::And, unsigned),
        Modify::Or => (Operator::Or, unsigned),
        Modify::Xor => (Operator::Xor, unsigned),
        Modify::SMax => (Operator::Max, signed),
        Modify::SMin => (Operator::Min, signed),
        Modify::UMax => (Operator::Max, unsigned),
        Modify::UMin => (Operator::Min, unsigned),
        Modify::Exchange | Modify::Nand | Modify::FAdd | Modify::FSub | Modify::FMax | Modify::FMin => {
            return None;
        }
    })
}

/// The name in LLVM's `atomicrmw`.
fn rmw(modify: Modify) -> &'static str {
    match modify {
        Modify::Exchange => "xchg",
        Modify::Add => "add",
        Modify::Sub => "sub",
        Modify::And => "and",
        Modify::Nand => "nand",
        Modify::Or => "or",
        Modify::Xor => "xor",
        Modify::SMax => "max",
        Modify::SMin => "min",
        Modify::UMax => "umax",
        Modify::UMin => "umin",
        Modify::FAdd => "fadd",
        Modify::FSub => "fsub",
        Modify::FMax => "fmax",
        Modify::FMin => "fmin",
    }
}

fn modify_one(code: &mut Code, modify: Modify, ty: Type, place: &Operand, value: &Operand) -> Operand {
    let (operation, name, alignment) = (rmw(modify), Form::Scalar.of(ty), ty.bytes());
    code.value(format_args!("atomicrmw {operation} ptr {place}, {name} {value} monotonic, align {alignment}"))
}

/// Where the lanes' operations go.
#[derive(Clone, Copy)]
enum Places<'a> {
    Same(&'a Operand),
    Each(&'a Operand),
}

/// A loop over the active lanes. What it takes and gives lies in memory, where a lane that is only known when the
/// code runs is reached at the least cost.
fn lane_by_lane(
    code: &mut Code,
    op: Op,
    ty: Type,
    places: Places<'_>,
    values: &[Operand],
    active: &Operand,
) -> Result<Vec<Operand>, String> {
    if !matches!(ty.bits(), 8 | 16 | 32 | 64) {
        return Err(format!("operation `{}` of {ty}", op.name()));
    }
    let results: &[Type] = match (op, values.len()) {
        (Op::Modify(_), 1) | (Op::Load(Access::Atomic), 0) => &[ty],
        (Op::Store(Access::Atomic), 1) => &[],
        (Op::CompareExchange, 2) if !ty.is_float() => &[ty, Type::I8],
        _ => return Err(format!("operation `{}`", op.name())),
    };
    let form = code.lane_form();
    let found: Vec<Operand> = results
        .iter()
        .enumerate()
        .map(|(i, ty)| keep(code, &form.of(*ty), &form.constant(*ty, i as u128)))
        .collect();
    let values: Vec<Operand> = values.iter().map(|value| keep(code, &form.of(ty), value)).collect();
    let places = match places {
        Places::Same(place) => (place.clone(), false),
        Places::Each(places) => (keep(code, &form.wrap("ptr"), places), true),
    };
    let scalar = Form::Scalar.of(ty);
    let remaining = code.place("i32", 4);
    let bits = code.bits(active);
    code.effect(format_args!("store i32 {bits}, ptr {remaining}"));
    if_any(code, active, |code| {
        let (lanes, done) = (code.label("lanes"), code.label("done"));
        code.jump(&lanes);
        code.start(&lanes);
        let bits = code.value(format_args!("load i32, ptr {remaining}"));
        let lane = code.call("i32", "llvm.cttz.i32", &[("i32", &bits), ("i1", &Operand::new("true"))], "");
        let at = |code: &mut Code, ty: &str, vector: &Operand| {
            code.value(format_args!("getelementptr {ty}, ptr {vector}, i32 {lane}"))
        };
        let place = match &places {
            (place, false) => place.clone(),
            (places, true) => {
                let place = at(code, "ptr", places);
                code.value(format_args!("load ptr, ptr {place}"))
            }
        };
        let values: Vec<Operand> = values
            .iter()
            .map(|vector| {
                let value = at(code, &scalar, vector);
                code.value(format_args!("load {scalar}, ptr {value}"))
            })
            .collect();
        for ((vector, ty), value) in found.iter().zip(results).zip(one(code, op, ty, &place, &values)) {
            let ty = Form::Scalar.of(*ty);
            let to = at(code, &ty, vector);
            code.effect(format_args!("store {ty} {value}, ptr {to}"));
        }
        let lower = code.value(format_args!("sub i32 {bits}, 1"));
        let rest = code.value(format_args!("and i32 {bits}, {lower}"));
        code.effect(format_args!("store i32 {rest}, ptr {remaining}"));
        let more = code.value(format_args!("icmp ne i32 {rest}, 0"));
        code.branch(&more, &lanes, &done);
        code.start(&done);
    });
    let results = results.iter().zip(found).enumerate().map(|(i, (ty, vector))| {
        let ty = form.of(*ty);
        let all = code.value(format_args!("load {ty}, ptr {vector}"));
        // Whether an exchange succeeded is kept as a byte.
        if i == 0 { all } else { code.value(format_args!("trunc {ty} {all} to {}", form.of(Type::I1))) }
    });
    Ok(results.collect())
}

/// The operation of one lane.
fn one(code: &mut Code, op: Op, ty: Type, place: &Operand, values: &[Operand]) -> Vec<Operand> {
    let (name, alignment) = (Form::Scalar.of(ty), ty.bytes());
    match (op, values) {
        (Op::Modify(modify), [value]) => vec![modify_one(code, modify, ty, place, value)],
        (Op::Store(_), [value]) => {
            code.effect(format_args!(
                "store atomic {name} {value}, ptr {place} monotonic, align {alignment}"
            ));
            Vec::new()
        }
        (Op::CompareExchange, [expected, new]) => {
            let both = code.value(format_args!(
                "cmpxchg ptr {place}, {name} {expected}, {name} {new} monotonic monotonic, align {alignment}"
            ));
            let old = code.value(format_args!("extractvalue {{ {name}, i1 }} {both}, 0"));
            let success = code.value(format_args!("extractvalue {{ {name}, i1 }} {both}, 1"));
            vec![old, code.value(format_args!("zext i1 {success} to i8"))]
        }
        _ => vec![code.value(format_args!("load atomic {name}, ptr {place} monotonic, align {alignment}"))],
    }
}

/// Runs what `work` writes if any lane is active.
fn if_any(code: &mut Code, active: &Operand, work: impl FnOnce(&mut Code)) {
    let (some, on) = (code.label("some"), code.label("on"));
    let bits = code.bits(active);
    let any = code.value(format_args!("icmp ne i32 {bits}, 0"));
    code.branch(&any, &some, &on);
    code.start(&some);
    work(code);
    code.jump(&on);
    code.start(&on);
}

/// Puts a value into memory.
fn keep(code: &mut Code, ty: &str, value: &Operand) -> Operand {
    let place = code.place(ty, 64);
    code.effect(format_args!("store {ty} {value}, ptr {place}, align 64"));
    place
}
