//! The library's mathematical functions against the tables of the specification, on a sample of all operands.
//! `cargo xtask math-accuracy` takes all operands, or as many as wanted.

mod accuracy;

use std::f32::consts::{FRAC_PI_2, FRAC_PI_4, PI};

use accuracy::{Error, FUNCTIONS, Program, Worst, apply};
use msl::{MathMode, Stage, inspect};

/// Numbers around which functions change their course.
const SPECIAL: &[f32] = &[
    0.0,
    1e-45,
    1e-40,
    f32::MIN_POSITIVE,
    1e-20,
    1e-8,
    0.25,
    0.5,
    0.6,
    FRAC_PI_4,
    1.0,
    1.000_000_1,
    1.25,
    1.5,
    FRAC_PI_2,
    2.0,
    2.5,
    3.0,
    PI,
    10.0,
    38.5,
    88.72284,
    88.8,
    89.5,
    103.97,
    104.1,
    127.0,
    128.0,
    149.0,
    150.5,
    8192.0,
    8193.0,
    65536.0,
    8_388_607.5,
    16_777_215.0,
    16_777_216.0,
    1e10,
    1e30,
    f32::MAX,
    f32::INFINITY,
    f32::NAN,
];

/// Operands: all pairs of special numbers of both signs, then bits from a generator.
fn operands(arity: usize) -> [Vec<f32>; 2] {
    let special: Vec<f32> = SPECIAL.iter().flat_map(|x| [*x, -x]).collect();
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for a in &special {
        for b in if arity == 1 { &special[..1] } else { &special[..] } {
            x.push(*a);
            y.push(*b);
        }
    }
    let mut state = 1_u64;
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 32) as u32
    };
    for i in 0..200_000_u32 {
        let a = f32::from_bits(random());
        // Each second pair has results of ordinary size.
        let b = if i % 2 == 0 { f32::from_bits(random()) } else { (random() % 16384) as f32 / 64.0 - 128.0 };
        let near = f32::from_bits((random() & 0x03ff_ffff) + 0x3e00_0000);
        x.push(if i % 4 < 2 { a } else { near });
        y.push(b);
    }
    [x, y]
}

#[test]
fn within_the_specification() {
    let precise = Program::new("precise", MathMode::Safe);
    let precise_in_fast = Program::new("precise", MathMode::Fast);
    let fast = Program::new("fast", MathMode::Fast);
    let mut problems = String::new();
    for function in FUNCTIONS {
        let [mut x, mut y] = operands(function.reference.arity());
        let mut results = vec![0.0; x.len()];
        let mut others = vec![0.0; x.len()];
        for (program, is_fast) in [(&precise, false), (&fast, true)] {
            apply(&program.kernel(function), &mut x, &mut y, &mut results);
            let mut worst = Worst::default();
            for i in 0..x.len() {
                let at = [x[i], y[i]];
                worst.add(function, is_fast, at, results[i], function.reference.value(at));
            }
            assert!(worst.count > 1000, "{}: hardly anything compared", function.name);
            if let Some((at, got, want)) = worst.broken {
                problems +=
                    &format!("{} (fast: {is_fast}) of {at:?} is {got:e}, not {want:e}\n", function.name);
            }
            if is_fast {
                continue;
            }
            // The math mode leaves the precise variants as they are, but for NaNs.
            apply(&precise_in_fast.kernel(function), &mut x, &mut y, &mut others);
            for i in 0..x.len() {
                let number = !x[i].is_nan() && !y[i].is_nan() && !results[i].is_nan();
                if number && results[i].to_bits() != others[i].to_bits() {
                    let (name, a, b) = (function.name, results[i], others[i]);
                    problems += &format!("{name}({}, {}) is {a:e}, with fast math {b:e}\n", x[i], y[i]);
                    break;
                }
            }
        }
    }
    assert!(problems.is_empty(), "{problems}");
}

/// No branches, no double precision, no calls but of intrinsics, and arithmetic without fast-math flags.
#[test]
fn functions_are_straight_lines_compiled_as_written() {
    const ARITHMETIC: &[&str] = &[" fadd ", " fsub ", " fmul ", " fdiv ", " fneg ", " fcmp ", "@llvm.fma."];
    const FLAGS: &[&str] =
        &[" reassoc ", " nnan ", " ninf ", " nsz ", " arcp ", " contract ", " afn ", " fast "];
    let has = |line: &str, words: &[&str]| words.iter().any(|word| line.contains(word));
    for namespace in ["precise", "fast"] {
        let program = Program::new(namespace, MathMode::Fast);
        for function in FUNCTIONS {
            let name = function.name;
            let kernel = format!("run_{name}");
            let text =
                inspect(&program.library, &kernel, &Default::default(), Stage::Llvm).expect("its code");
            let body =
                text.split_once("\ndefine ").expect("a function").1.split_once("\n}").expect("its end").0;
            let sums = body.lines().filter(|line| has(line, ARITHMETIC)).count();
            assert!(sums > 0, "{namespace}::{name}: no arithmetic in\n{body}");
            for line in body.lines() {
                // The fast one is a quotient that machines may have an instruction for.
                let as_written = (namespace, name) != ("fast", "rsqrt");
                let flagged = as_written && has(line, ARITHMETIC) && has(line, FLAGS);
                let calls =
                    line.contains(" call ") && !has(line, &["@llvm.", "@msl.argument.", "@msl.value."]);
                let other = has(line, &["  br ", "  switch ", " phi ", " double "]);
                assert!(!flagged && !calls && !other, "{namespace}::{name}: {line}");
            }
        }
    }
}

#[test]
fn errors_are_measured_in_units_of_the_last_place() {
    assert_eq!(Error::of(1.0 + f32::EPSILON, 1.0).ulp, 1.0);
    assert_eq!(Error::of(1.0 - f32::EPSILON / 2.0, 1.0).ulp, 0.5);
    assert_eq!(Error::of(f32::from_bits(3), f64::from(f32::from_bits(1))).ulp, 2.0);
    assert_eq!(Error::of(f32::INFINITY, 1e300).ulp, 0.0);
    assert_eq!(Error::of(f32::INFINITY, f64::from(f32::MAX)).ulp, 1.0);
    assert_eq!(Error::of(-0.0, 0.0).ulp, f64::INFINITY);
    assert_eq!(Error::of(f32::NAN, 1.0).ulp, f64::INFINITY);
}
