//! Measures the errors of the library's mathematical functions against references in double precision.

mod functions;
mod run;

pub(crate) use functions::{FUNCTIONS, Function};
pub(crate) use run::{Program, apply};

/// What the Metal Shading Language Specification asks for: section 8.3, table 8.1 (precise) and table 8.2 (fast).
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bound {
    /// Units in the last place.
    Ulp(f64),
    /// 3 + floor(|2x|) units in the last place.
    Exponential,
    /// An absolute error in [0.5, 2], units in the last place elsewhere.
    Logarithm(f64, f64),
    /// An absolute error for |x| up to a limit; elsewhere there is no bound.
    Absolute(f64, f64),
    /// No bound, but a formula to compute by.
    Formula(&'static str),
}

impl Bound {
    fn allows(self, x: f32, error: Error) -> bool {
        let x = f64::from(x);
        match self {
            Self::Ulp(most) => error.ulp <= most,
            Self::Exponential => error.ulp <= 3.0 + (2.0 * x).abs().floor(),
            Self::Logarithm(absolute, _) if (0.5..=2.0).contains(&x) => error.absolute <= absolute,
            Self::Logarithm(_, most) => error.ulp <= most,
            Self::Absolute(most, limit) => x.abs() > limit || error.absolute <= most,
            Self::Formula(_) => true,
        }
    }
}

impl std::fmt::Display for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ulp(most) if *most == 0.0 => write!(f, "exact"),
            Self::Ulp(most) => write!(f, "{most} ulp"),
            Self::Exponential => write!(f, "3 + ⌊2\\|x\\|⌋ ulp"),
            Self::Logarithm(absolute, most) => {
                write!(f, "2^{} in [0.5, 2], else {most} ulp", absolute.log2())
            }
            Self::Absolute(most, limit) if *limit > 3.0 => write!(f, "2^{} in [−π, π]", most.log2()),
            Self::Absolute(most, limit) => write!(f, "2^{} in [−{limit}, {limit}]", most.log2()),
            Self::Formula(formula) => write!(f, "`{formula}`"),
        }
    }
}

/// How far a result is from the true value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Error {
    /// In units in the last place, as the specification defines them.
    pub(crate) ulp: f64,
    /// The difference.
    pub(crate) absolute: f64,
}

impl Error {
    /// Infinite where one of them is a NaN, or the sign of a zero is wrong.
    pub(crate) fn of(got: f32, want: f64) -> Self {
        const NONE: Error = Error { ulp: 0.0, absolute: 0.0 };
        const WRONG: Error = Error { ulp: f64::INFINITY, absolute: f64::INFINITY };
        let rounded = want as f32;
        if rounded.is_nan() || got.is_nan() {
            return if rounded.is_nan() && got.is_nan() { NONE } else { WRONG };
        }
        if want.is_infinite() || (want == 0.0 && got == 0.0) {
            return if got.to_bits() == rounded.to_bits() { NONE } else { WRONG };
        }
        // Infinity counts as the number after the greatest.
        let got = if got.is_infinite() { 2f64.powi(128).copysign(f64::from(got)) } else { f64::from(got) };
        let beyond = want.abs() >= 2f64.powi(128) && got.abs() == 2f64.powi(128) && got * want > 0.0;
        if beyond {
            return NONE;
        }
        let absolute = (got - want).abs();
        Self { ulp: absolute / ulp(want), absolute }
    }
}

/// The distance of the two single-precision numbers around a finite number.
fn ulp(x: f64) -> f64 {
    let exponent = ((x.to_bits() >> 52) & 0x7ff) as i32 - 1023;
    // The power of two, made of its bits.
    f64::from_bits(((exponent.clamp(-126, 127) - 23 + 1023) as u64) << 52)
}

/// The greatest error found, and where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Worst {
    /// The error.
    pub(crate) error: Error,
    /// The operands; of functions of one operand the second is 0.
    pub(crate) at: [f32; 2],
    /// The result there.
    pub(crate) got: f32,
    /// The true value there.
    pub(crate) want: f64,
    /// Number of inputs that were compared.
    pub(crate) count: u64,
    /// An input for which the bound is broken.
    pub(crate) broken: Option<([f32; 2], f32, f64)>,
}

impl Default for Worst {
    fn default() -> Self {
        let error = Error { ulp: 0.0, absolute: 0.0 };
        Self { error, at: [0.0; 2], got: 0.0, want: 0.0, count: 0, broken: None }
    }
}

impl Worst {
    /// Takes in a result of the variant `fast` or `precise`, of which the true value is `want`. Of the fast one only what is
    /// bounded counts: normal numbers, and a limited range for functions with an absolute error.
    pub(crate) fn add(&mut self, function: &Function, fast: bool, at: [f32; 2], got: f32, want: f64) {
        let bound = if fast { function.fast } else { function.precise };
        if fast {
            let limited = matches!(bound, Bound::Absolute(_, limit) if f64::from(at[0]).abs() > limit);
            let limited =
                limited || (function.name == "tan" && f64::from(at[0]).abs() > std::f64::consts::PI);
            let quotient = (at[0] / at[1]).abs();
            let far = function.name == "fmod" && quotient >= 4_194_304.0;
            let normal = at[0].is_normal() && (function.reference.arity() == 1 || at[1].is_normal());
            let smallest = f64::from(f32::MIN_POSITIVE);
            let ordinary = want == 0.0 || (smallest..f64::from(f32::MAX)).contains(&want.abs());
            if limited || far || !normal || !ordinary {
                return;
            }
        }
        self.count += 1;
        let error = Error::of(got, want);
        let measure =
            |e: Error| if matches!(bound, Bound::Absolute(..)) && fast { e.absolute } else { e.ulp };
        if measure(error) > measure(self.error) {
            (self.error, self.at, self.got, self.want) = (error, at, got, want);
        }
        if self.broken.is_none() && !bound.allows(at[0], error) {
            self.broken = Some((at, got, want));
        }
    }
}
