//! Every operation on every type and in both forms means what the interpreter says.

use std::collections::HashMap;

use super::super::arithmetic::emit;
use super::{Form, LANES, Pieces, machines};
use crate::kernel::interpret::arithmetic as meaning;
use crate::kernel::op::{Binary, Cast, Overflow, Ternary, Unary};
use crate::kernel::{FastMath, Op, Type};
use crate::llvm::Machine;

const INTS: &[Type] = &[
    Type::Int(1),
    Type::Int(8),
    Type::Int(16),
    Type::Int(24),
    Type::Int(32),
    Type::Int(33),
    Type::Int(64),
    Type::Int(128),
];
const FLOATS: &[Type] = &[Type::F16, Type::BF16, Type::F32, Type::F64];
/// Sets of 32 values for each operation.
const ROUNDS: usize = 8;

/// Types of operands and results.
type Signature = (Vec<Type>, Vec<Type>);

/// The signatures of a pure operation.
fn signatures(op: Op) -> Vec<Signature> {
    let of = |types: &[Type], f: &dyn Fn(Type) -> Signature| types.iter().map(|ty| f(*ty)).collect();
    let pairs = |from: &[Type], to: &[Type], suits: &dyn Fn(Type, Type) -> bool| {
        from.iter()
            .flat_map(|from| to.iter().map(move |to| (*from, *to)))
            .filter(|(from, to)| suits(*from, *to))
            .map(|(from, to)| (vec![from], vec![to]))
            .collect()
    };
    let wider = |from: Type, to: Type| to.bits() > from.bits();
    let numbers: Vec<Type> = [INTS, FLOATS].concat();
    match op {
        Op::Unary(op) if op.is_float() => of(FLOATS, &|ty| (vec![ty], vec![ty])),
        Op::Unary(Unary::ByteSwap) => {
            let even: Vec<Type> = INTS.iter().copied().filter(|ty| ty.bits() % 16 == 0).collect();
            of(&even, &|ty| (vec![ty], vec![ty]))
        }
        Op::Unary(_) => of(INTS, &|ty| (vec![ty], vec![ty])),
        Op::Binary(Binary::LoadExponent) => of(FLOATS, &|ty| (vec![ty, Type::I32], vec![ty])),
        Op::Binary(op) => of(if op.is_float() { FLOATS } else { INTS }, &|ty| (vec![ty; 2], vec![ty])),
        Op::Ternary(op) => of(if op.is_float() { FLOATS } else { INTS }, &|ty| (vec![ty; 3], vec![ty])),
        // The interpreter's widths are below 128.
        Op::Overflow(_) => of(&INTS[..7], &|ty| (vec![ty; 2], vec![ty, Type::I1])),
        Op::Cast(op) => match op {
            Cast::Trunc => pairs(INTS, INTS, &|from, to| wider(to, from)),
            Cast::ZExt | Cast::SExt => pairs(INTS, INTS, &wider),
            Cast::FTrunc => pairs(FLOATS, FLOATS, &|from, to| wider(to, from)),
            Cast::FExt => pairs(FLOATS, FLOATS, &wider),
            Cast::SIntToFloat | Cast::UIntToFloat => pairs(INTS, FLOATS, &|_, _| true),
            Cast::FloatToSInt | Cast::FloatToUInt => pairs(FLOATS, INTS, &|_, _| true),
            Cast::Bits => pairs(&numbers, &numbers, &|from, to| from.bits() == to.bits()),
            Cast::PtrToInt | Cast::IntToPtr | Cast::Space => Vec::new(),
        },
        Op::IntCompare(_) => of(INTS, &|ty| (vec![ty; 2], vec![Type::I1])),
        Op::FloatCompare(_) => of(FLOATS, &|ty| (vec![ty; 2], vec![Type::I1])),
        Op::Order(_) => {
            let mut all: Vec<Signature> = of(INTS, &|ty| (vec![ty; 2], vec![Type::I32]));
            all.push((vec![Type::I64; 2], vec![Type::Int(2)]));
            all
        }
        Op::IsClass(_) => of(FLOATS, &|ty| (vec![ty], vec![Type::I1])),
        Op::SplitExponent => of(FLOATS, &|ty| (vec![ty], vec![ty, Type::I32])),
        Op::Select => of(&numbers, &|ty| (vec![Type::I1, ty, ty], vec![ty])),
        _ => Vec::new(),
    }
}

/// What may come out for one lane: one of these lists of results; anything if there is none.
fn expected(op: Op, from: &[Type], to: &[Type], v: &[u128]) -> Vec<Vec<u128>> {
    let ty = from[0];
    let mask = |bits: u128| bits & to[0].mask();
    let one = |bits: u128| vec![vec![mask(bits)]];
    // Types of 16 bits may be computed in single precision.
    let via_single = |ty: Type, value: f32| meaning::from_f64(ty, value.into());
    match op {
        Op::Unary(op) => one(meaning::unary(op, ty, v[0])),
        Op::Binary(Binary::Shl | Binary::LShr | Binary::AShr) if v[1] >= ty.bits().into() => Vec::new(),
        Op::Binary(op @ (Binary::MinNum | Binary::MaxNum)) => {
            // Zeros of different signs are equal.
            [[v[0], v[1]], [v[1], v[0]]]
                .iter()
                .flat_map(|[a, b]| meaning::binary(op, ty, *a, *b))
                .chain([v[0], v[1]].into_iter().filter(|_| equal(ty, v[0], v[1])))
                .map(|bits| vec![bits])
                .collect()
        }
        Op::Binary(Binary::LoadExponent) if ty == Type::BF16 => {
            let exact = meaning::binary(Binary::LoadExponent, Type::F32, v[0] << 16, v[1]).unwrap();
            one(via_single(ty, f32::from_bits(exact as u32)))
        }
        Op::Binary(op @ (Binary::SDiv | Binary::SRem)) => {
            let least = v[0] == 1 << (ty.bits() - 1) && v[1] == ty.mask();
            if least {
                Vec::new()
            } else {
                meaning::binary(op, ty, v[0], v[1]).into_iter().map(|r| vec![mask(r)]).collect()
            }
        }
        Op::Binary(op) => meaning::binary(op, ty, v[0], v[1]).into_iter().map(|r| vec![mask(r)]).collect(),
        Op::Ternary(op @ (Ternary::Fma | Ternary::FMulAdd)) => {
            let fused = meaning::ternary(op, ty, v[0], v[1], v[2]);
            let mut all = one(fused);
            if ty.bits() == 16 {
                let [a, b, c] = [v[0], v[1], v[2]].map(|bits| meaning::to_f64(ty, bits) as f32);
                all.extend(one(via_single(ty, a.mul_add(b, c))));
            }
            if op == Ternary::FMulAdd {
                let product = meaning::binary(Binary::FMul, ty, v[0], v[1]).unwrap();
                all.extend(one(meaning::binary(Binary::FAdd, ty, product, v[2]).unwrap()));
            }
            all
        }
        Op::Ternary(op) => one(meaning::ternary(op, ty, v[0], v[1], v[2])),
        Op::Overflow(op) => {
            let (result, wrapped) = overflow(op, ty, v[0], v[1]);
            vec![vec![result, wrapped.into()]]
        }
        Op::Cast(op @ (Cast::SIntToFloat | Cast::UIntToFloat)) => {
            let mut all = one(meaning::cast(op, ty, to[0], v[0]));
            if to[0].bits() == 16 {
                let single = meaning::cast(op, ty, Type::F32, v[0]);
                all.extend(one(via_single(to[0], f32::from_bits(single as u32))));
            }
            all
        }
        Op::Cast(op) => one(meaning::cast(op, ty, to[0], v[0])),
        Op::IntCompare(op) => one(meaning::int_compare(op, ty, v[0], v[1]).into()),
        Op::FloatCompare(op) => one(meaning::float_compare(op, ty, v[0], v[1]).into()),
        Op::Order(op) => {
            let [less, more] = match op {
                crate::kernel::op::Order::Signed => {
                    let (a, b) = (meaning::signed(ty, v[0]), meaning::signed(ty, v[1]));
                    [a < b, a > b]
                }
                crate::kernel::op::Order::Unsigned => [v[0] < v[1], v[0] > v[1]],
            };
            one(u128::from(more).wrapping_sub(less.into()))
        }
        Op::IsClass(mask) => one(meaning::is_class(ty, v[0], mask).into()),
        Op::SplitExponent => {
            let (fraction, exponent) = meaning::split_exponent(ty, v[0]);
            vec![vec![fraction, (exponent as u32).into()]]
        }
        Op::Select => one(if v[0] != 0 { v[1] } else { v[2] }),
        other => panic!("`{}` is not pure", other.name()),
    }
}

fn overflow(op: Overflow, ty: Type, a: u128, b: u128) -> (u128, bool) {
    meaning::overflow(op, ty, a, b)
}

pub(super) fn equal(ty: Type, a: u128, b: u128) -> bool {
    meaning::to_f64(ty, a) == meaning::to_f64(ty, b)
}

/// Whether a result is as expected. Any NaN is as good as another.
pub(super) fn agrees(ty: Type, want: u128, got: u128) -> bool {
    let nan = |bits| ty.is_float() && meaning::to_f64(ty, bits).is_nan();
    want == got || nan(want) && nan(got)
}

pub(super) fn random_value(random: &mut fastrand::Rng, ty: Type) -> u128 {
    let bits = match ty {
        Type::Int(width) => match random.u32(..8) {
            0 => 0,
            1 => 1,
            2 => u128::MAX,
            3 => 1 << (width - 1),
            4 => (1 << (width - 1)) - 1,
            5 => random.u128(..) & 0x1f,
            // Of any size, positive or negative.
            6 => random.u128(..) >> random.u32(..128),
            _ => !(random.u128(..) >> random.u32(..128)),
        },
        _ => {
            const EDGES: &[f64] = &[
                0.0,
                0.5,
                1.0,
                1.5,
                2.0,
                2.5,
                127.0,
                128.0,
                255.0,
                255.5,
                256.0,
                32767.0,
                32768.0,
                65504.0,
                65535.0,
                65536.0,
                8388607.5,
                16777215.0,
                2147483520.0,
                2147483647.0,
                2147483648.0,
                4294967040.0,
                4294967296.0,
                9.2e18,
                9.3e18,
                1.8e19,
                1.9e19,
                1e-40,
                6e-8,
                1.2e-38,
                3.4e38,
                f64::INFINITY,
                f64::NAN,
            ];
            match random.u32(..4) {
                0 => {
                    let value = EDGES[random.usize(..EDGES.len())];
                    meaning::from_f64(ty, if random.bool() { value } else { -value })
                }
                1 => meaning::from_f64(ty, (random.f64() - 0.5) * 2f64.powi(random.i32(-8..12))),
                2 => meaning::from_f64(ty, f64::from(random.i32(-300..300)) / 4.0),
                _ => random.u128(..),
            }
        }
    };
    bits & ty.mask()
}

/// All operations with their signatures.
fn everything() -> Vec<(Op, Signature)> {
    let classes = [0, 0x3ff, 0x003, 0x001, 0x204, 0x264, 0x198, 0x060, 0x25b].map(Op::IsClass);
    Op::plain().chain(classes).flat_map(|op| signatures(op).into_iter().map(move |s| (op, s))).collect()
}

/// Whether LLVM has no code for it, so that it must be refused.
fn refused(op: Op, from: &[Type], to: &[Type]) -> bool {
    let wide = |ty: Type| ty.bits() > 64;
    match op {
        Op::Binary(Binary::UDiv | Binary::SDiv | Binary::URem | Binary::SRem) => wide(from[0]),
        Op::Cast(Cast::SIntToFloat | Cast::UIntToFloat) => wide(from[0]),
        Op::Cast(Cast::FloatToSInt | Cast::FloatToUInt) => wide(to[0]),
        _ => false,
    }
}

fn check_everything(level: &str, machine: &Machine, form: Form) {
    let mut random = fastrand::Rng::with_seed(7);
    let mut pieces = Pieces::default();
    let mut cases = Vec::new();
    for (op, (from, to)) in everything() {
        let name = op.name();
        let piece = pieces.add(machine, &from, &to, form, |code, operands| {
            emit(code, op, FastMath::default(), operands, &from, &to, form)
        });
        assert_eq!(piece.is_err(), refused(op, &from, &to), "{name} of {from:?} to {to:?}: {piece:?}");
        match piece {
            Ok(number) => cases.push((number, op, from, to)),
            Err(message) => assert!(message.contains(&name), "{message}"),
        }
    }
    let compiled = pieces.compile(machine);
    let mut wrong = HashMap::<String, (usize, String)>::new();
    for (number, op, from, to) in cases {
        for _ in 0..ROUNDS {
            let mut operands: Vec<[u128; LANES]> =
                from.iter().map(|ty| std::array::from_fn(|_| random_value(&mut random, *ty))).collect();
            if op == Op::Binary(Binary::LoadExponent) {
                // What the interpreter can do.
                operands[1] = std::array::from_fn(|_| {
                    if from[0] == Type::F64 || random.bool() {
                        random.i32(-160..160) as u32 as u128
                    } else {
                        random_value(&mut random, Type::I32)
                    }
                });
            }
            let results = compiled.run(number, &operands);
            for lane in 0..LANES {
                let values: Vec<u128> = operands.iter().map(|o| o[lane]).collect();
                let want = expected(op, &from, &to, &values);
                let got: Vec<u128> = results.iter().map(|r| r[lane]).collect();
                let fits = |want: &Vec<u128>| {
                    to.iter().zip(want).zip(&got).all(|((ty, want), got)| agrees(*ty, *want, *got))
                };
                if !want.is_empty() && !want.iter().any(fits) {
                    let what = format!("{} of {from:?} to {to:?}", op.name());
                    let details = format!("operands {values:x?}: {got:x?} instead of {want:x?}");
                    wrong.entry(what).or_insert((0, details)).0 += 1;
                }
            }
        }
    }
    let mut wrong: Vec<String> = wrong
        .into_iter()
        .map(|(what, (count, details))| format!("{what}: {count} times, {details}"))
        .collect();
    wrong.sort();
    assert!(wrong.is_empty(), "{level}, {form:?}:\n{}", wrong.join("\n"));
}

#[test]
fn operations_mean_what_the_interpreter_says() {
    for (level, machine) in machines() {
        for form in [Form::Scalar, Form::Vector(LANES as u32)] {
            check_everything(level, &machine, form);
        }
    }
}

/// Flags of fast math leave operations on ordinary numbers what they are, but for rounding.
#[test]
fn fast_math_is_close() {
    let machine = Machine::of_level("native").unwrap();
    let mut random = fastrand::Rng::with_seed(23);
    let mut fast_math = FastMath::default();
    assert!(fast_math.add("fast"));
    let form = Form::Vector(LANES as u32);
    let mut pieces = Pieces::default();
    let mut cases = Vec::new();
    for (op, (from, to)) in everything().into_iter().filter(|(op, _)| op.is_float_arithmetic()) {
        // Other types of operands come by conversion.
        if from.iter().any(|ty| !matches!(ty, Type::F32 | Type::F16)) {
            continue;
        }
        let piece = pieces.add(&machine, &from, &to, form, |code, operands| {
            emit(code, op, fast_math, operands, &from, &to, form)
        });
        cases.push((piece.unwrap(), op, from, to));
    }
    assert!(cases.len() > 60, "{}", cases.len());
    let compiled = pieces.compile(&machine);
    for (piece, op, from, to) in cases {
        let operands: Vec<[u128; LANES]> = from
            .iter()
            .map(|ty| std::array::from_fn(|_| meaning::from_f64(*ty, f64::from(random.i32(1..400)) / 16.0)))
            .collect();
        let got = compiled.run(piece, &operands);
        for lane in 0..LANES {
            let values: Vec<u128> = operands.iter().map(|o| o[lane]).collect();
            let want = &expected(op, &from, &to, &values)[0];
            let context =
                format!("{} of {from:?}, {values:x?}: {:x} instead of {want:x?}", op.name(), got[0][lane]);
            if to[0].is_float() {
                let (want, got) = (meaning::to_f64(to[0], want[0]), meaning::to_f64(to[0], got[0][lane]));
                let error = if to[0] == Type::F32 { 2f64.powi(-21) } else { 2f64.powi(-9) };
                // What cancels is off by the rounding of the operands.
                let scale = want.abs().max(if matches!(op, Op::Binary(Binary::FRem)) { 32.0 } else { 1.0 });
                assert!((want - got).abs() <= scale * error, "{context}");
            } else {
                assert_eq!(got[0][lane], want[0], "{context}");
            }
        }
    }
}
