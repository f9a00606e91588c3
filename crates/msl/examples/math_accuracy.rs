//! Measures the errors of the library's mathematical functions and writes `docs/math-accuracy.md`.
//! Options: `--function NAME`, `--samples N`; `cargo xtask math-accuracy --help` explains them.

#[path = "../tests/accuracy/mod.rs"]
mod accuracy;

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use accuracy::{Bound, FUNCTIONS, Function, Program, Worst, apply};
use msl::{Kernel, MathMode};

/// Pairs of operands, where not told.
const PAIRS: u64 = 100_000_000;
/// Operands of one launch.
const CHUNK: u64 = 1 << 18;

struct Options {
    function: Option<String>,
    samples: Option<u64>,
}

fn main() -> ExitCode {
    let options = match options(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(message) => {
            eprintln!("error: {message}");
            return ExitCode::from(2);
        }
    };
    let chosen: Vec<&Function> =
        FUNCTIONS.iter().filter(|f| options.function.as_deref().is_none_or(|name| name == f.name)).collect();
    if chosen.is_empty() {
        let names: Vec<&str> = FUNCTIONS.iter().map(|f| f.name).collect();
        eprintln!("error: there is no such function; there are {}", names.join(", "));
        return ExitCode::from(2);
    }
    let programs = [Program::new("precise", MathMode::Safe), Program::new("fast", MathMode::Fast)];
    let mut rows = Vec::new();
    for (number, function) in chosen.iter().enumerate() {
        let inputs = Inputs::new(function, options.samples);
        let start = Instant::now();
        let worst = measure(&programs.each_ref().map(|p| p.kernel(function)), function, &inputs);
        println!(
            "[{}/{}] {}: precise {}, fast {} ({:.1} s)",
            number + 1,
            chosen.len(),
            function.name,
            text(&worst[0], function, false),
            text(&worst[1], function, true),
            start.elapsed().as_secs_f64()
        );
        rows.push((*function, inputs, worst));
        // All of them take hours; what has been measured stays if it is stopped.
        if let Err(message) = write(&rows) {
            eprintln!("error: {message}");
            return ExitCode::FAILURE;
        }
    }
    println!("wrote docs/math-accuracy.md");
    let broken = rows.iter().flat_map(|(_, _, worst)| worst).any(|w| w.broken.is_some());
    if broken { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options { function: None, samples: None };
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--function" => options.function = Some(value()?),
            "--samples" => {
                let text = value()?;
                let number = text.parse().ok().filter(|n| *n > 0);
                options.samples =
                    Some(number.ok_or(format!("--samples {text}: expected a positive number"))?);
            }
            other => return Err(format!("unexpected argument `{other}`")),
        }
    }
    Ok(options)
}

/// The operands of a function: for one operand every `stride`-th bit pattern, for two random pairs.
struct Inputs {
    stride: u64,
    count: u64,
    pairs: bool,
    /// Whether the second operand is made so that the result of pow is neither 0 nor infinite.
    powers: bool,
}

impl Inputs {
    fn new(function: &Function, samples: Option<u64>) -> Self {
        let powers = function.name.starts_with("pow");
        if function.reference.arity() == 2 {
            return Self { stride: 1, count: samples.unwrap_or(PAIRS), pairs: true, powers };
        }
        let is_prime = |n: u64| n < 2 || (2..).take_while(|d| d * d <= n).all(|d| !n.is_multiple_of(d));
        let most = ((1 << 32) / samples.unwrap_or(u64::MAX).min(1 << 32)).max(1);
        let stride = (1..=most).rev().find(|n| is_prime(*n)).unwrap_or(1);
        Self { stride, count: (1_u64 << 32).div_ceil(stride), pairs: false, powers }
    }

    /// Number `i` of them.
    fn get(&self, i: u64) -> [f32; 2] {
        if !self.pairs {
            return [f32::from_bits((i * self.stride) as u32), 0.0];
        }
        // SplitMix64 (Steele, Lea, Flood, 2014).
        let mut z = (i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        let (low, high) = (z as u32, (z >> 32) as u32);
        if self.powers && !i.is_multiple_of(4) {
            let x = f32::from_bits(low & 0x7fff_ffff);
            let exponent = (f64::from(high) / 2f64.powi(31) - 1.0) * 150.0;
            return [x, (exponent / f64::from(x).log2()) as f32];
        }
        // Half of the pairs lie near each other.
        let near = (low & 0x8000_0000) | ((low & 0x7fff_ffff).wrapping_add(high & 0x0fff_ffff) & 0x7fff_ffff);
        [f32::from_bits(low), f32::from_bits(if i.is_multiple_of(2) { near } else { high })]
    }
}

/// Runs the kernels of the precise and the fast variant on all inputs, on all processors.
fn measure(kernels: &[Kernel; 2], function: &Function, inputs: &Inputs) -> [Worst; 2] {
    let next = AtomicU64::new(0);
    let total = Mutex::new([Worst::default(); 2]);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                let (mut x, mut y, mut results) = (Vec::new(), Vec::new(), [Vec::new(), Vec::new()]);
                let mut worst = [Worst::default(); 2];
                loop {
                    let start = next.fetch_add(CHUNK, Ordering::Relaxed);
                    let end = (start + CHUNK).min(inputs.count);
                    if start >= end {
                        break;
                    }
                    x.clear();
                    y.clear();
                    for [a, b] in (start..end).map(|i| inputs.get(i)) {
                        x.push(a);
                        y.push(b);
                    }
                    for (kernel, results) in kernels.iter().zip(&mut results) {
                        results.resize(x.len(), 0.0);
                        apply(kernel, &mut x, &mut y, results);
                    }
                    for i in 0..x.len() {
                        let at = [x[i], y[i]];
                        // What takes the most time.
                        let want = function.reference.value(at);
                        worst[0].add(function, false, at, results[0][i], want);
                        worst[1].add(function, true, at, results[1][i], want);
                    }
                }
                let mut total = total.lock().expect("no thread panicked");
                merge(&mut total[0], &worst[0], false);
                merge(&mut total[1], &worst[1], matches!(function.fast, Bound::Absolute(..)));
            });
        }
    });
    total.into_inner().expect("no thread panicked")
}

/// Makes `total` the worse of two.
fn merge(total: &mut Worst, other: &Worst, absolute: bool) {
    let measure = |w: &Worst| if absolute { w.error.absolute } else { w.error.ulp };
    let (count, broken) = (total.count + other.count, total.broken.or(other.broken));
    if measure(other) > measure(total) {
        *total = *other;
    }
    (total.count, total.broken) = (count, broken);
}

/// The error as a cell of the table.
fn text(worst: &Worst, function: &Function, fast: bool) -> String {
    let mut text = match function.fast {
        Bound::Absolute(..) if fast => format!("2^{:.1}", worst.error.absolute.log2()),
        _ if worst.error.ulp == 0.0 => "exact".into(),
        _ => format!("{:.2} ulp", worst.error.ulp),
    };
    if worst.error.ulp != 0.0 {
        let [x, y] = worst.at;
        let _ = if function.reference.arity() == 2 {
            write!(text, " at ({x:e}, {y:e})")
        } else {
            write!(text, " at {x:e}")
        };
    }
    if let Some((at, got, want)) = worst.broken {
        let _ = write!(text, ", **bound broken** at {at:?}: {got:e}, not {want:e}");
    }
    text
}

/// Writes the document: the rows given, and those of other functions as they are there.
fn write(rows: &[(&Function, Inputs, [Worst; 2])]) -> Result<(), String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/math-accuracy.md");
    let before = std::fs::read_to_string(&path).unwrap_or_default();
    let mut page = String::from(HEAD);
    for function in FUNCTIONS {
        let start = format!("| {} |", function.name);
        let measured = rows.iter().find(|(f, ..)| f.name == function.name).map(row);
        if let Some(row) = measured.or_else(|| before.lines().find(|l| l.starts_with(&start)).map(Into::into))
        {
            page += &row;
            page += "\n";
        }
    }
    std::fs::write(&path, page).map_err(|error| format!("{}: {error}", path.display()))
}

fn row((function, inputs, [precise, fast]): &(&Function, Inputs, [Worst; 2])) -> String {
    let which = match (inputs.pairs, inputs.stride) {
        (true, _) => format!("{} pairs", inputs.count),
        (false, 1) => "all 2^32".into(),
        (false, stride) => format!("{} (stride {stride})", inputs.count),
    };
    let (name, most_precise, most_fast) = (function.name, function.precise, function.fast);
    let (precise, fast) = (text(precise, function, false), text(fast, function, true));
    format!("| {name} | {which} | {most_precise} | {precise} | {most_fast} | {fast} |")
}

const HEAD: &str = "\
# Accuracy of the mathematical functions

Written by `cargo xtask math-accuracy`; do not edit. The functions are in `crates/msl/include/__msl_math_*`.

The greatest errors of single-precision results found, and the operands where, beside what the *Metal Shading Language
Specification* allows in its section on numerical compliance (table 8.1, and table 8.2 for fast math). An ulp is as
defined there. The bounds were written down from memory of the specification; if its text differs, it is right. The
references are the double-precision functions of Rust's standard library.

* **Inputs** of functions of one operand are bit patterns of `float` at equal distances, all of them where it says so;
  NaNs, infinities, zeros and subnormal numbers are among them. Pairs come from a generator: some of any two bit
  patterns, some of numbers near each other, for powers most with results that are finite and not 0.
* **Precise** is measured as `precise::NAME` with `MathMode::Safe`. Results for special operands are those of C's
  annex F; anything else counts as an infinite error.
* **Fast** is measured as `fast::NAME` with `MathMode::Fast`, over normal operands with normal results; where the bound
  is a power of two it is an absolute error and holds for the range given only, for `tan` in [−π, π], for `fmod` over
  quotients below 2^22. Farther out, fast `sin`, `cos` and `tan` lose accuracy from |x| = 10^5 on.
  Where the specification gives a formula instead of a bound, the error of ours is listed; only `log10`, `pow`, `powr`,
  `tan` and `fmod` follow the formula.
* Precise `rsqrt` is to be correctly rounded; ours is, except where the true value is within 10^-7 ulp of the middle between
  two numbers.
* `sincos` gives the results of `sin` and `cos`. `half` and `bfloat` results are those of `float`, rounded once more.

| function | inputs | precise: bound | measured | fast: bound | measured |
|---|---|---|---|---|---|
";
