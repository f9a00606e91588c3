//! Values as filetests write them: `f32 1 2.5 -inf`, `u32 0..64`, `f32 0*8; i32 1`.

use half::{bf16, f16};
use msl::ScalarType;

/// The scalar type of a short name such as `f32`, or of MSL's own name.
pub(crate) fn scalar_type(name: &str) -> Option<ScalarType> {
    ScalarType::ALL.into_iter().find(|t| short_name(*t) == name || t.name() == name)
}

/// The name by which filetests call a type.
pub(crate) fn short_name(ty: ScalarType) -> &'static str {
    match ty {
        ScalarType::Bool => "bool",
        ScalarType::Char => "i8",
        ScalarType::UChar => "u8",
        ScalarType::Short => "i16",
        ScalarType::UShort => "u16",
        ScalarType::Int => "i32",
        ScalarType::UInt => "u32",
        ScalarType::Long => "i64",
        ScalarType::ULong => "u64",
        ScalarType::Half => "f16",
        ScalarType::BFloat => "bf16",
        ScalarType::Float => "f32",
    }
}

/// The bytes of values.
pub(crate) fn parse(spec: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let expected = Expected::parse(spec)?;
    for element in &expected.elements {
        let bits = element.bits.ok_or("`_` stands for any value, which only `out` can use")?;
        bytes.extend_from_slice(&bits.to_le_bytes()[..element.ty.size()]);
    }
    match expected.tolerance {
        Tolerance::Exact => Ok(bytes),
        _ => Err("a tolerance has a meaning only in `out`".into()),
    }
}

/// The expected content of a buffer.
pub(crate) struct Expected {
    elements: Vec<Element>,
    tolerance: Tolerance,
    tolerance_text: String,
}

struct Element {
    ty: ScalarType,
    /// The value's bits; none where anything may stand.
    bits: Option<u64>,
}

/// How far a floating-point value may be off.
#[derive(Clone, Copy)]
enum Tolerance {
    /// Same bits (any NaN for a NaN).
    Exact,
    /// `~1e-6`: relative to the expected value.
    Relative(f64),
    /// `~2ulp`: in units of the last place of the expected value.
    Ulp(f64),
    /// `+-1e-6`.
    Absolute(f64),
}

impl Expected {
    pub(crate) fn parse(spec: &str) -> Result<Self, String> {
        let mut parsed =
            Self { elements: Vec::new(), tolerance: Tolerance::Exact, tolerance_text: String::new() };
        for segment in spec.split(';') {
            let mut words = segment.split_whitespace();
            let name = words.next().ok_or("a segment without a type")?;
            let ty = scalar_type(name).ok_or_else(|| format!("`{name}` is not a type"))?;
            for word in words {
                if word.starts_with('~') || word.starts_with("+-") {
                    parsed.tolerance = tolerance(word)?;
                    parsed.tolerance_text = format!(" {word}");
                } else {
                    parsed.add(ty, word)?;
                }
            }
        }
        Ok(parsed)
    }

    /// Adds a value, `VALUE*COUNT`, or `FIRST..END`.
    fn add(&mut self, ty: ScalarType, word: &str) -> Result<(), String> {
        if let Some((first, end)) = word.split_once("..") {
            let bound =
                |text: &str| text.parse::<i64>().map_err(|_| format!("`{word}` is not a range of integers"));
            for value in bound(first)?..bound(end)? {
                self.elements.push(Element { ty, bits: Some(bits(ty, &value.to_string())?) });
            }
            return Ok(());
        }
        let (value, count) = match word.split_once('*') {
            Some((value, count)) => {
                (value, count.parse().map_err(|_| format!("`{count}` in `{word}` is not a number of times"))?)
            }
            None => (word, 1usize),
        };
        let bits = if value == "_" { None } else { Some(bits(ty, value)?) };
        self.elements.extend((0..count).map(|_| Element { ty, bits }));
        Ok(())
    }

    /// Number of bytes.
    pub(crate) fn size(&self) -> usize {
        self.elements.iter().map(|e| e.ty.size()).sum()
    }

    /// Compares a buffer's content; the error names the first elements that differ.
    pub(crate) fn compare(&self, got: &[u8]) -> Result<(), String> {
        if got.len() != self.size() {
            return Err(format!("has {} bytes, but {} are expected", got.len(), self.size()));
        }
        let mut differences = Vec::new();
        for (i, (element, got)) in self.with_bits(got).enumerate() {
            if let Some(want) = element.bits.filter(|want| !self.same(element.ty, *want, got)) {
                let [got, want] = [got, want].map(|bits| show(element.ty, bits));
                differences.push(format!("element {i} is {got}, expected {want}"));
            }
        }
        let shown = differences.iter().take(4).cloned().collect::<Vec<_>>().join("; ");
        match differences.len() {
            0 => Ok(()),
            n if n > 4 => Err(format!("{shown}; and {} more", n - 4)),
            _ => Err(shown),
        }
    }

    /// Content in the form of this expectation.
    pub(crate) fn describe(&self, got: &[u8]) -> String {
        let mut text = String::new();
        let mut last = None;
        let mut run: Option<(String, usize)> = None;
        let flush = |run: &mut Option<(String, usize)>, text: &mut String| match run.take() {
            Some((word, 1)) => text.push_str(&format!(" {word}")),
            Some((word, n)) => text.push_str(&format!(" {word}*{n}")),
            None => {}
        };
        for (element, bits) in self.with_bits(got) {
            if last != Some(element.ty) {
                flush(&mut run, &mut text);
                text += if last.is_some() { "; " } else { "" };
                text += short_name(element.ty);
                last = Some(element.ty);
            }
            let word = if element.bits.is_none() { "_".into() } else { show(element.ty, bits) };
            match &mut run {
                Some((same, n)) if *same == word => *n += 1,
                _ => {
                    flush(&mut run, &mut text);
                    run = Some((word, 1));
                }
            }
        }
        flush(&mut run, &mut text);
        text + &self.tolerance_text
    }

    fn with_bits<'a>(&'a self, got: &'a [u8]) -> impl Iterator<Item = (&'a Element, u64)> {
        let mut rest = got;
        self.elements.iter().map_while(move |element| {
            let (this, others) = rest.split_at_checked(element.ty.size())?;
            rest = others;
            let mut bytes = [0; 8];
            bytes[..this.len()].copy_from_slice(this);
            Some((element, u64::from_le_bytes(bytes)))
        })
    }

    fn same(&self, ty: ScalarType, want: u64, got: u64) -> bool {
        let (Some(w), Some(g)) = (float(ty, want), float(ty, got)) else { return want == got };
        if w.is_nan() || g.is_nan() {
            return w.is_nan() && g.is_nan();
        }
        if w.is_infinite() || g.is_infinite() {
            return w == g;
        }
        let bound = match self.tolerance {
            _ if w == g && !matches!(self.tolerance, Tolerance::Exact) => return true,
            Tolerance::Exact => return want == got,
            Tolerance::Relative(r) => r * w.abs(),
            Tolerance::Ulp(n) => n * ulp(ty, w),
            Tolerance::Absolute(a) => a,
        };
        (g - w).abs() <= bound
    }
}

fn tolerance(word: &str) -> Result<Tolerance, String> {
    let number = |text: &str| text.parse::<f64>().map_err(|_| format!("`{word}` is not a tolerance"));
    if let Some(absolute) = word.strip_prefix("+-") {
        return Ok(Tolerance::Absolute(number(absolute)?));
    }
    let text = word.trim_start_matches('~');
    Ok(match text.strip_suffix("ulp") {
        Some(ulps) => Tolerance::Ulp(number(ulps)?),
        None => Tolerance::Relative(number(text)?),
    })
}

/// The distance between `value` and the next larger one of its type.
fn ulp(ty: ScalarType, value: f64) -> f64 {
    let (digits, smallest) = match ty {
        ScalarType::Half => (11, -14),
        ScalarType::BFloat => (8, -126),
        _ => (24, -126),
    };
    let exponent = if value == 0.0 { smallest } else { (value.abs().log2().floor() as i32).max(smallest) };
    2f64.powi(exponent - digits + 1)
}

/// The value, if the type is a floating-point one.
fn float(ty: ScalarType, bits: u64) -> Option<f64> {
    match ty {
        ScalarType::Half => Some(f16::from_bits(bits as u16).to_f64()),
        ScalarType::BFloat => Some(bf16::from_bits(bits as u16).to_f64()),
        ScalarType::Float => Some(f32::from_bits(bits as u32).into()),
        _ => None,
    }
}

fn bits(ty: ScalarType, text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is not a value of type {}", short_name(ty));
    if let Some(hex) = text.strip_prefix('#') {
        let bits = u64::from_str_radix(hex, 16).map_err(|_| wrong())?;
        return if ty.size() == 8 || bits >> (ty.size() * 8) == 0 { Ok(bits) } else { Err(wrong()) };
    }
    let integer = || integer(text).ok_or_else(wrong);
    let ranged = |low: i128, high: i128| match integer()? {
        value if (low..=high).contains(&value) => Ok(value as u64),
        _ => Err(wrong()),
    };
    match ty {
        ScalarType::Bool => match text {
            "true" | "1" => Ok(1),
            "false" | "0" => Ok(0),
            _ => Err(wrong()),
        },
        ScalarType::Char => ranged(i8::MIN.into(), i8::MAX.into()).map(|v| v & 0xff),
        ScalarType::UChar => ranged(0, u8::MAX.into()),
        ScalarType::Short => ranged(i16::MIN.into(), i16::MAX.into()).map(|v| v & 0xffff),
        ScalarType::UShort => ranged(0, u16::MAX.into()),
        ScalarType::Int => ranged(i32::MIN.into(), i32::MAX.into()).map(|v| v & 0xffff_ffff),
        ScalarType::UInt => ranged(0, u32::MAX.into()),
        ScalarType::Long => ranged(i64::MIN.into(), i64::MAX.into()),
        ScalarType::ULong => ranged(0, u64::MAX.into()),
        ScalarType::Half => number(text).map(|v| f16::from_f64(v).to_bits().into()).ok_or_else(wrong),
        ScalarType::BFloat => number(text).map(|v| bf16::from_f64(v).to_bits().into()).ok_or_else(wrong),
        // Decimal text is rounded once, to f32; a hexadecimal float is exact in f64.
        ScalarType::Float => match text.parse::<f32>() {
            Ok(value) => Ok(value.to_bits().into()),
            Err(_) => number(text).map(|v| (v as f32).to_bits().into()).ok_or_else(wrong),
        },
    }
}

fn integer(text: &str) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let magnitude = match digits.strip_prefix("0x") {
        Some(hex) => i128::from(u64::from_str_radix(hex, 16).ok()?),
        None => i128::from(digits.parse::<u64>().ok()?),
    };
    Some(if negative { -magnitude } else { magnitude })
}

/// A decimal number, `inf`, `nan`, or a hexadecimal float such as `0x1.8p-3`.
fn number(text: &str) -> Option<f64> {
    if let Ok(value) = text.parse() {
        return Some(value);
    }
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1.0, digits),
        None => (1.0, text),
    };
    let (mantissa, exponent) = digits.strip_prefix("0x")?.split_once('p')?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let value = u64::from_str_radix(&format!("{whole}{fraction}"), 16).ok()?;
    let exponent = exponent.parse::<i32>().ok()? - 4 * i32::try_from(fraction.len()).ok()?;
    Some(sign * value as f64 * 2f64.powi(exponent))
}

fn show(ty: ScalarType, bits: u64) -> String {
    match ty {
        ScalarType::Bool if bits < 2 => (bits == 1).to_string(),
        ScalarType::Bool => format!("#{bits:x}"),
        ScalarType::Char => (bits as i8).to_string(),
        ScalarType::Short => (bits as i16).to_string(),
        ScalarType::Int => (bits as i32).to_string(),
        ScalarType::Long => (bits as i64).to_string(),
        ScalarType::UChar | ScalarType::UShort | ScalarType::UInt | ScalarType::ULong => bits.to_string(),
        ScalarType::Half => shortest(f16::from_bits(bits as u16).to_f64(), f16::from_bits(bits as u16)),
        ScalarType::BFloat => shortest(bf16::from_bits(bits as u16).to_f64(), bf16::from_bits(bits as u16)),
        ScalarType::Float => shortest(f32::from_bits(bits as u32).into(), f32::from_bits(bits as u32)),
    }
}

fn shortest(value: f64, text: impl std::fmt::Display + std::fmt::LowerExp) -> String {
    let magnitude = value.abs();
    match () {
        () if value.is_nan() => "nan".into(),
        () if value == 0.0 || (1e-4..1e9).contains(&magnitude) || value.is_infinite() => text.to_string(),
        () => format!("{text:e}"),
    }
}

/// Writing, reading and comparing values.
pub(crate) fn check_itself() -> Result<(), String> {
    let bytes = |spec: &str| parse(spec).map_err(|e| format!("{spec}: {e}"));
    let f32s = |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>();
    let same: [(&str, Vec<u8>); 8] = [
        ("f32 1 -0x1.8p1 0x1p-149", f32s(&[1.0, -3.0, f32::from_bits(1)])),
        ("f16 1 65504 #7c00", vec![0x00, 0x3c, 0xff, 0x7b, 0x00, 0x7c]),
        ("bf16 1 #ff80", vec![0x80, 0x3f, 0x80, 0xff]),
        ("u8 0..3 7*2; i16 -2", vec![0, 1, 2, 7, 7, 0xfe, 0xff]),
        ("i64 -9223372036854775808", i64::MIN.to_le_bytes().to_vec()),
        ("u64 0xffffffffffffffff", vec![0xff; 8]),
        ("bool true 0", vec![1, 0]),
        ("uint 5", vec![5, 0, 0, 0]),
    ];
    for (spec, want) in same {
        let got = bytes(spec)?;
        if got != want {
            return Err(format!("{spec}: {got:02x?} instead of {want:02x?}"));
        }
    }
    for spec in ["", "f64 1", "u8 256", "i8 -129", "u32 -1", "u32 1.5", "f16 #10000", "u8 _", "f32 1 ~1e-6"] {
        if parse(spec).is_ok() {
            return Err(format!("`{spec}` was accepted"));
        }
    }
    let comparisons = [
        ("f32 1", "f32 0x1.000002p0", false),
        ("f32 1 ~1ulp", "f32 0x1.000002p0", true),
        ("f32 1 ~1ulp", "f32 0x1.000004p0", false),
        ("f32 2 ~1e-3", "f32 2.0019", true),
        ("f32 2 ~1e-3", "f32 2.0021", false),
        ("f32 2 +-0.5", "f32 2.6", false),
        ("f16 1 ~1ulp", "f16 #3c01", true),
        ("bf16 1 ~1ulp", "bf16 #3f82", false),
        ("f32 nan _", "f32 #ffc00001 7", true),
        ("f32 nan ~1", "f32 1", false),
        ("f32 0", "f32 -0", false),
        ("f32 inf ~1", "f32 1", false),
        ("u32 1 2", "u32 1", false),
    ];
    for (want, got, agree) in comparisons {
        if Expected::parse(want)?.compare(&bytes(got)?).is_ok() != agree {
            return Err(format!("`{got}` against `{want}`: expected agreement {agree}"));
        }
    }
    let described = Expected::parse("f32 0 0 0 _; u8 3 ~1e-6")?.describe(&bytes("f32 1.5 1.5 -inf 3; u8 9")?);
    match described.as_str() {
        "f32 1.5*2 -inf _; u8 9 ~1e-6" => Ok(()),
        other => Err(format!("described as `{other}`")),
    }
}
