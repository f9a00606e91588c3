//! Atomic operations of lanes leave and find what threads do that run one after the other.

use super::super::atomic;
use super::arithmetic::{agrees, equal, random_value};
use super::{Code, Form, LANES, Operand, Pieces, STRIDE, machines};
use crate::kernel::interpret::arithmetic as meaning;
use crate::kernel::op::{Access, Modify};
use crate::kernel::{Op, Type};
use crate::llvm::Machine;
use crate::simt::Threads;
use crate::simt::tile::lanes;

/// All operations with their types in memory.
fn everything() -> Vec<(Op, Type)> {
    let ints = [Type::Int(8), Type::Int(16), Type::I32, Type::I64];
    let floats = [Type::F32, Type::F64];
    let modify = Modify::ALL.iter().flat_map(|modify| {
        let types: &[Type] = match modify {
            Modify::Exchange => &[Type::I32, Type::I64, Type::F32],
            Modify::FAdd | Modify::FSub | Modify::FMax | Modify::FMin => &floats,
            _ => &ints,
        };
        types.iter().map(|ty| (Op::Modify(*modify), *ty)).collect::<Vec<_>>()
    });
    let others = [Op::CompareExchange, Op::Load(Access::Atomic), Op::Store(Access::Atomic)];
    modify.chain(others.into_iter().flat_map(|op| ints.map(|ty| (op, ty)))).collect()
}

fn operand_count(op: Op) -> usize {
    match op {
        Op::CompareExchange => 2,
        Op::Load(_) => 0,
        _ => 1,
    }
}

fn results(op: Op, ty: Type) -> Vec<Type> {
    match op {
        Op::CompareExchange => vec![ty, Type::I1],
        Op::Store(_) => vec![],
        _ => vec![ty],
    }
}

/// What one lane finds; the memory is changed.
fn step(op: Op, ty: Type, memory: &mut u128, a: u128, b: u128) -> Vec<u128> {
    let old = *memory;
    match op {
        Op::Modify(modify) => *memory = meaning::modify(modify, ty, old, a) & ty.mask(),
        Op::CompareExchange if old == a => *memory = b,
        Op::Store(_) => *memory = a,
        _ => {}
    }
    match op {
        Op::CompareExchange => vec![old, (old == a).into()],
        Op::Store(_) => vec![],
        _ => vec![old],
    }
}

/// How a case reaches memory.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Reach {
    Each,
    Same,
    /// As `Same`, and nobody looks at what was there.
    Unused,
}

/// Copies the first operand to memory, does the operation there, and gives its results and the memory.
fn body(code: &mut Code, op: Op, ty: Type, reach: Reach, v: &[Operand]) -> Result<Vec<Operand>, String> {
    let form = code.lane_form();
    let (vector, words, scalar) = (form.of(ty), form.of(Type::I32), Form::Scalar.of(ty));
    let memory = code.value(format_args!("getelementptr i8, ptr %out, i64 {}", 6 * STRIDE));
    code.effect(format_args!("store {vector} {}, ptr {memory}, align 8", v[0]));
    let values = &v[2..2 + operand_count(op)];
    let found = if reach == Reach::Each {
        let places = code.value(format_args!("getelementptr {scalar}, ptr {memory}, {words} {}", v[1]));
        atomic::each_lane(code, op, ty, &places, values, &v[4])?
    } else {
        let index = code.value(format_args!("extractelement {words} {}, i32 0", v[1]));
        let place = code.value(format_args!("getelementptr {scalar}, ptr {memory}, i32 {index}"));
        atomic::same_place(code, op, ty, &place, values, &v[4], reach == Reach::Same)?
    };
    let mut all = if reach == Reach::Unused { Vec::new() } else { found };
    all.push(code.value(format_args!("load {vector}, ptr {memory}, align 8")));
    Ok(all)
}

fn check(level: &str, machine: &Machine, lanes: usize) {
    let form = Form::Vector(lanes as u32);
    let mut random = fastrand::Rng::with_seed(19);
    let mut pieces = Pieces::default();
    let mut cases = Vec::new();
    for (op, ty) in everything() {
        for reach in [Reach::Each, Reach::Same, Reach::Unused] {
            let mut types = if reach == Reach::Unused { Vec::new() } else { results(op, ty) };
            types.push(ty);
            let operands = [ty, Type::I32, ty, ty, Type::I1];
            let piece = pieces.add(machine, &operands, &types, form, |code, v| body(code, op, ty, reach, v));
            cases.push((piece.unwrap(), op, ty, reach, types));
        }
    }
    let compiled = pieces.compile(machine);
    for (piece, op, ty, reach, types) in cases {
        for round in 0..16 {
            let mut value = || -> [u128; LANES] { std::array::from_fn(|_| random_value(&mut random, ty)) };
            let (mut memory, mut a, b) = (value(), value(), value());
            let few = random.bool();
            let indices: [u128; LANES] =
                std::array::from_fn(|_| random.u32(..if few { 4 } else { lanes as u32 }).into());
            let mask: u32 = match round {
                0 => 0,
                1 => u32::MAX,
                _ => random.u32(..),
            };
            let index = |lane: usize| indices[if reach == Reach::Each { lane } else { 0 }] as usize;
            // Some comparisons succeed.
            for (lane, a) in a.iter_mut().enumerate() {
                if op == Op::CompareExchange && random.bool() {
                    *a = memory[index(lane)];
                }
            }
            let active = |lane: usize| mask >> lane & 1 != 0;
            let set = std::array::from_fn(|lane| active(lane).into());
            let got = compiled.run(piece, &[memory, indices, a, b, set]);
            let context = format!(
                "{level}, {lanes} lanes: `{}` of {ty}, {reach:?}, mask {mask:#x}, {memory:x?} at {indices:x?} with {a:x?}, {b:x?}",
                op.name()
            );
            // The sign of a zero is open where a zero meets one of another sign.
            let fits = |ty: Type, want: u128, got: u128| {
                let loose = matches!(op, Op::Modify(Modify::FMax | Modify::FMin)) && ty.is_float();
                agrees(ty, want, got) || loose && equal(ty, want, got)
            };
            for lane in (0..lanes).filter(|lane| active(*lane)) {
                let want = step(op, ty, &mut memory[index(lane)], a[lane], b[lane]);
                if reach != Reach::Unused {
                    for (i, want) in want.into_iter().enumerate() {
                        assert!(
                            fits(types[i], want, got[i][lane]),
                            "{context}: lane {lane} found {:x}",
                            got[i][lane]
                        );
                    }
                }
            }
            if op == Op::CompareExchange && reach != Reach::Unused {
                for lane in (0..lanes).filter(|lane| !active(*lane)) {
                    assert_eq!(got[1][lane], 1, "{context}: lane {lane} would try again");
                }
            }
            let after = got[got.len() - 1];
            for (place, want) in memory.into_iter().enumerate().take(lanes) {
                assert!(fits(ty, want, after[place]), "{context}: place {place} has {:x}", after[place]);
            }
        }
    }
}

#[test]
fn atomics_happen_in_the_order_of_the_lanes() {
    for (level, machine) in machines() {
        // As many lanes as code for the grid has, and those of SIMD-groups.
        let mut counts =
            [Threads::Grid, Threads::Straight].map(|t| lanes(t, machine.vector_registers())).to_vec();
        counts.dedup();
        for lanes in counts {
            check(level, &machine, lanes as usize);
        }
    }
}

#[test]
fn what_cannot_be_atomic_is_an_error_that_names_it() {
    let machine = Machine::of_level("native").unwrap();
    for (op, ty, name) in [
        (Op::Modify(Modify::Add), Type::Int(24), "rmw.add"),
        (Op::CompareExchange, Type::F32, "cmpxchg"),
        (Op::Select, Type::I32, "select"),
    ] {
        let operands = [ty, Type::I32, ty, ty, Type::I1];
        let piece = Pieces::default()
            .add(&machine, &operands, &[ty], Form::Vector(32), |code, v| body(code, op, ty, Reach::Each, v));
        assert!(piece.as_ref().is_err_and(|message| message.contains(name)), "{piece:?}");
    }
}
