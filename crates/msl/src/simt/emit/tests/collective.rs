//! Operations across lanes give the bits that threads get that run one after the other.

use super::super::collective;
use super::{Form, LANES, Operand, Pieces, machines};
use crate::kernel::Type;
use crate::llvm::Machine;
use crate::runtime::Collective;

const VECTOR: Form = Form::Vector(LANES as u32);

fn random_value(random: &mut fastrand::Rng, ty: Type) -> u128 {
    let bits = match ty {
        Type::F32 => match random.u32(..12) {
            0 => f32::NAN,
            1 => f32::INFINITY,
            2 => 0.0,
            3 => -0.0,
            4 => f32::from_bits(random.u32(..) & 0x7f7f_ffff),
            _ => (random.f32() - 0.5) * 8.0,
        }
        .to_bits()
        .into(),
        _ => match random.u32(..4) {
            0 => random.u128(..) & 7,
            1 => !(random.u128(..) & 7),
            _ => random.u128(..),
        },
    };
    bits & ty.mask()
}

/// Masks: all, none, one lane, random ones.
fn random_mask(random: &mut fastrand::Rng) -> u32 {
    match random.u32(..6) {
        0 => u32::MAX,
        1 => 0,
        2 => 1 << random.u32(..32),
        3 => u32::MAX >> random.u32(..32),
        _ => random.u32(..),
    }
}

fn all_lanes() -> Operand {
    VECTOR.constant(Type::I1, 1)
}

fn in_lanes(mask: u32) -> [u128; LANES] {
    std::array::from_fn(|i| (mask >> i & 1).into())
}

fn active(mask: u32, lane: usize) -> bool {
    mask >> lane & 1 != 0
}

fn check_collectives(level: &str, machine: &Machine) {
    let mut random = fastrand::Rng::with_seed(11);
    let mut pieces = Pieces::default();
    let mut cases = Vec::new();
    for (name, collective) in Collective::hooks() {
        let ty = Type::parse(collective.element_name()).unwrap();
        let masked = pieces.add(machine, &[ty, Type::I1], &[ty], VECTOR, |code, v| {
            Ok::<_, String>(vec![collective::emit(code, collective, &v[0], &v[1])])
        });
        let all = pieces.add(machine, &[ty, Type::I1], &[ty], VECTOR, |code, v| {
            Ok::<_, String>(vec![collective::emit(code, collective, &v[0], &all_lanes())])
        });
        cases.push((name, collective, ty, masked.unwrap(), all.unwrap()));
    }
    let compiled = pieces.compile(machine);
    for (name, collective, ty, masked, all) in cases {
        for round in 0..16 {
            // Of zeros and NaNs alone min and max show which of two equal values they take.
            let special = ty == Type::F32 && round < 4;
            let values: [u128; LANES] = std::array::from_fn(|_| match random.u32(..4) {
                choice if special => [0.0, -0.0, -0.0, f32::NAN][choice as usize].to_bits().into(),
                _ => random_value(&mut random, ty),
            });
            let mask = random_mask(&mut random);
            for (piece, mask) in [(masked, mask), (all, u32::MAX)] {
                let got = compiled.run(piece, &[values, in_lanes(mask)])[0];
                let inputs = std::array::from_fn(|i| active(mask, i).then_some(values[i] as u64));
                let mut want = [0; LANES];
                collective.apply(&inputs, &mut want);
                for lane in (0..LANES).filter(|lane| active(mask, *lane)) {
                    let nan = |bits: u128| ty == Type::F32 && f32::from_bits(bits as u32).is_nan();
                    let want = u128::from(want[lane]) & ty.mask();
                    assert!(
                        got[lane] == want || nan(got[lane]) && nan(want),
                        "{level}: {name}, lane {lane}, mask {mask:#x}: {:#x} instead of {want:#x}, of {values:x?}",
                        got[lane]
                    );
                }
            }
        }
    }
}

fn check_shuffles(level: &str, machine: &Machine) {
    let mut random = fastrand::Rng::with_seed(13);
    for ty in [Type::I32, Type::I64] {
        let mut pieces = Pieces::default();
        let types = [ty, Type::I32, Type::I1];
        let shuffles = [true, false].map(|masked| {
            let piece = pieces.add(machine, &types, &[ty], VECTOR, |code, v| {
                let active = &if masked { v[2].clone() } else { all_lanes() };
                Ok::<_, String>(vec![collective::shuffle(code, ty, &v[0], &v[1], active)])
            });
            (piece.unwrap(), masked)
        });
        let from_lane = pieces.add(machine, &types, &[ty], VECTOR, |code, v| {
            let lane = code.value(format_args!("extractelement <32 x i32> {}, i32 0", v[1]));
            let result = collective::from_lane(code, ty, &v[0], &lane, &v[2]);
            Ok::<_, String>(vec![code.splat(&Form::Scalar.of(ty), &result)])
        });
        let from_lane = from_lane.unwrap();
        let compiled = pieces.compile(machine);
        for _ in 0..64 {
            let values: [u128; LANES] = std::array::from_fn(|_| random_value(&mut random, ty));
            let lanes: [u128; LANES] = std::array::from_fn(|_| match random.u32(..8) {
                0 => random.u32(..).into(),
                1 => random.u32(30..34).into(),
                _ => random.u32(..32).into(),
            });
            let mask = random_mask(&mut random);
            let from = |lane: u128, mask: u32| match usize::try_from(lane) {
                Ok(lane) if lane < LANES && active(mask, lane) => values[lane],
                _ => 0,
            };
            let operands = [values, lanes, in_lanes(mask)];
            for (piece, masked) in shuffles {
                let mask = if masked { mask } else { u32::MAX };
                let want: [u128; LANES] = std::array::from_fn(|i| from(lanes[i], mask));
                assert_eq!(
                    compiled.run(piece, &operands)[0],
                    want,
                    "{level}: {ty} by {lanes:x?}, mask {mask:#x}"
                );
            }
            let want = [from(lanes[0], mask); LANES];
            assert_eq!(compiled.run(from_lane, &operands)[0], want, "{level}: {ty} from {:x}", lanes[0]);
        }
    }
}

fn check_ballots(level: &str, machine: &Machine) {
    let mut random = fastrand::Rng::with_seed(17);
    let mut pieces = Pieces::default();
    let pieces_of = [true, false].map(|masked| {
        let piece = pieces.add(machine, &[Type::I1; 2], &[Type::I32], VECTOR, |code, v| {
            let bits = collective::ballot(code, &v[0], &if masked { v[1].clone() } else { all_lanes() });
            Ok::<_, String>(vec![code.splat("i32", &bits)])
        });
        (piece.unwrap(), masked)
    });
    let compiled = pieces.compile(machine);
    for _ in 0..64 {
        let (value, mask) = (random_mask(&mut random), random_mask(&mut random));
        for (piece, masked) in pieces_of {
            let want = if masked { value & mask } else { value };
            let got = compiled.run(piece, &[in_lanes(value), in_lanes(mask)])[0];
            assert_eq!(got, [want.into(); LANES], "{level}");
        }
    }
}

#[test]
fn collectives_give_the_bits_of_one_thread_after_the_other() {
    for (level, machine) in machines() {
        check_collectives(level, &machine);
    }
}

#[test]
fn lanes_see_each_other() {
    for (level, machine) in machines() {
        check_shuffles(level, &machine);
        check_ballots(level, &machine);
    }
}
