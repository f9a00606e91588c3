//! The functions, their references and bounds.

use std::f64::consts::PI;

use super::Bound::{self, *};

/// A function with what it is compared with and what the specification allows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Function {
    /// Its name in namespace `metal`.
    pub(crate) name: &'static str,
    /// The true value.
    pub(crate) reference: Reference,
    /// Bound of the precise variant.
    pub(crate) precise: Bound,
    /// Bound of the fast variant.
    pub(crate) fast: Bound,
}

/// A function in double precision, of operands that are exact in single precision.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reference {
    /// Of one operand.
    One(fn(f64) -> f64),
    /// Of two operands.
    Two(fn(f64, f64) -> f64),
}

impl Reference {
    /// Number of operands.
    pub(crate) fn arity(self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Two(_) => 2,
        }
    }

    /// The value for operands.
    pub(crate) fn value(self, [x, y]: [f32; 2]) -> f64 {
        match self {
            Self::One(f) => f(f64::from(x)),
            Self::Two(f) => f(f64::from(x), f64::from(y)),
        }
    }
}

const fn one(name: &'static str, f: fn(f64) -> f64, precise: f64, fast: Bound) -> Function {
    Function { name, reference: Reference::One(f), precise: Ulp(precise), fast }
}
const fn two(name: &'static str, f: fn(f64, f64) -> f64, precise: f64, fast: Bound) -> Function {
    Function { name, reference: Reference::Two(f), precise: Ulp(precise), fast }
}

const TURN: Bound = Absolute(1.0 / 8192.0, PI);
const HALF_TURN: Bound = Absolute(1.0 / 8192.0, 1.0);
const LOGARITHM: Bound = Logarithm(1.0 / 2_097_152.0, 3.0);

/// All of them.
pub(crate) const FUNCTIONS: &[Function] = &[
    one("acos", f64::acos, 4.0, Ulp(5.0)),
    one("acosh", f64::acosh, 4.0, Formula("log(x + sqrt(x * x - 1.0))")),
    one("asin", f64::asin, 4.0, Ulp(5.0)),
    one("asinh", f64::asinh, 4.0, Formula("log(x + sqrt(x * x + 1.0))")),
    one("atan", f64::atan, 5.0, Ulp(5.0)),
    two("atan2", f64::atan2, 6.0, Formula("atan(y / x), corrected for the quadrant")),
    one("atanh", f64::atanh, 5.0, Formula("0.5 * (log(1.0 + x) / log(1.0 - x))")),
    one("cos", f64::cos, 4.0, TURN),
    one("cosh", f64::cosh, 4.0, Formula("0.5 * (exp(x) + exp(-x))")),
    one("cospi", cospi, 4.0, HALF_TURN),
    one("exp", f64::exp, 4.0, Exponential),
    one("exp10", |x| 10f64.powf(x), 4.0, Formula("exp2(x * log2(10))")),
    one("exp2", f64::exp2, 4.0, Exponential),
    two("fmod", |x, y| x % y, 0.0, Formula("x - y * trunc(x / y)")),
    one("log", f64::ln, 4.0, LOGARITHM),
    one("log10", f64::log10, 4.0, Formula("log2(x) * log10(2)")),
    one("log2", f64::log2, 4.0, Logarithm(1.0 / 4_194_304.0, 2.0)),
    two("pow", pow, 16.0, Formula("exp2(y * log2(x))")),
    two("powr", |x, y| if x < 0.0 { f64::NAN } else { pow(x, y) }, 16.0, Formula("exp2(y * log2(x))")),
    // Near the middle between two numbers either is taken.
    one("rsqrt", |x| 1.0 / x.sqrt(), 0.500_000_1, Ulp(2.0)),
    one("sin", f64::sin, 4.0, TURN),
    one("sinh", f64::sinh, 4.0, Formula("0.5 * (exp(x) - exp(-x))")),
    one("sinpi", sinpi, 4.0, HALF_TURN),
    one("tan", f64::tan, 6.0, Formula("sin(x) * (1.0 / cos(x))")),
    one("tanh", f64::tanh, 5.0, Formula("(t - 1.0) / (t + 1.0), t = exp(2.0 * x)")),
    one("tanpi", tanpi, 6.0, Formula("tan(x * pi)")),
];

/// C's pow, which is also 1 where Rust's documentation leaves a NaN open.
fn pow(x: f64, y: f64) -> f64 {
    if x == 1.0 || y == 0.0 { 1.0 } else { x.powf(y) }
}

/// |x| in half turns: the nearest quadrant, modulo 4, and the angle from there. All steps but the last are exact.
fn reduce(x: f64) -> (u32, f64) {
    let turn = x.abs() % 2.0;
    let quadrant = (turn * 2.0).round_ties_even();
    (quadrant as u32 % 4, (turn - quadrant / 2.0) * PI)
}

fn sine(quadrant: u32, angle: f64) -> f64 {
    let value = if quadrant % 2 == 1 { angle.cos() } else { angle.sin() };
    // C23, annex F: cospi is +0, sinpi of a whole number has the sign of x.
    if value == 0.0 { 0.0 } else { value * if quadrant % 4 >= 2 { -1.0 } else { 1.0 } }
}

fn sinpi(x: f64) -> f64 {
    if x.is_infinite() {
        return f64::NAN;
    }
    let (quadrant, angle) = reduce(x);
    sine(quadrant, angle) * 1f64.copysign(x)
}

fn cospi(x: f64) -> f64 {
    if x.is_infinite() {
        return f64::NAN;
    }
    let (quadrant, angle) = reduce(x);
    sine(quadrant + 1, angle)
}

fn tanpi(x: f64) -> f64 {
    if x.is_infinite() {
        return f64::NAN;
    }
    let (quadrant, angle) = reduce(x);
    let value = if quadrant % 2 == 1 { 1.0 / (0.0 - angle.tan()) } else { angle.tan() };
    // C23, annex F: at zeros and poles the sign alternates.
    let value = if angle == 0.0 && quadrant >= 2 { -value } else { value };
    value * 1f64.copysign(x)
}
