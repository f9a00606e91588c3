//! The scalar types of MSL as Rust values: reading, showing and generating them.

use bytemuck::Pod;
use half::{bf16, f16};
use metal_bridge::ScalarType;

/// A Rust type that holds one MSL scalar in MSL's layout.
pub(crate) trait Element: Pod {
    /// Reads what a user wrote; `None` if it is no value of this type.
    fn parse(text: &str) -> Option<Self>;
    /// The value as [`parse`](Self::parse) reads it.
    fn show(self) -> String;
    /// The value nearest to a whole number; `None` if it is out of the type's range.
    fn from_index(index: u64) -> Option<Self>;
    /// A value from 64 random bits: 0 ≤ x < 1 for floating-point types, any value for others.
    fn from_random_bits(bits: u64) -> Self;
}

/// MSL's `bool`: a byte that is 0 or 1, but may hold anything after a kernel has written it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, bytemuck::Zeroable, bytemuck::Pod)]
#[repr(transparent)]
pub(crate) struct Bool(u8);

impl Element for Bool {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "true" | "1" => Some(Self(1)),
            "false" | "0" => Some(Self(0)),
            _ => None,
        }
    }

    fn show(self) -> String {
        (self.0 != 0).to_string()
    }

    fn from_index(index: u64) -> Option<Self> {
        (index < 2).then_some(Self(index as u8))
    }

    fn from_random_bits(bits: u64) -> Self {
        Self((bits >> 63) as u8)
    }
}

macro_rules! integers {
    ($($rust:ty),*) => {$(
        impl Element for $rust {
            fn parse(text: &str) -> Option<Self> {
                let (negative, digits) = match text.strip_prefix('-') {
                    Some(digits) => (true, digits),
                    None => (false, text),
                };
                let (digits, radix) = match digits.strip_prefix("0x") {
                    Some(digits) => (digits, 16),
                    None => (digits, 10),
                };
                // The standard library would take another sign here.
                let unsigned = digits.starts_with(|c: char| c.is_ascii_hexdigit());
                let value = i128::from_str_radix(digits, radix).ok().filter(|_| unsigned)?;
                Self::try_from(if negative { -value } else { value }).ok()
            }

            fn show(self) -> String {
                self.to_string()
            }

            fn from_index(index: u64) -> Option<Self> {
                Self::try_from(index).ok()
            }

            fn from_random_bits(bits: u64) -> Self {
                bits as Self
            }
        }
    )*};
}
integers!(i8, u8, i16, u16, i32, u32, i64, u64);

macro_rules! floats {
    ($($rust:ty, $mantissa_bits:literal);*) => {$(
        impl Element for $rust {
            fn parse(text: &str) -> Option<Self> {
                let value = <$rust as Float>::read(text)?;
                // A finite number that becomes infinite does not fit the type.
                let infinity = text.trim_start_matches(['+', '-']).starts_with(['i', 'I']);
                (!value.is_infinite() || infinity).then_some(value)
            }

            fn show(self) -> String {
                self.to_string()
            }

            fn from_index(index: u64) -> Option<Self> {
                Some(<$rust as Float>::rounded(index as f64)).filter(|value| value.is_finite())
            }

            fn from_random_bits(bits: u64) -> Self {
                let scale = 1.0 / (1u64 << $mantissa_bits) as f64;
                <$rust as Float>::rounded((bits >> (64 - $mantissa_bits)) as f64 * scale)
            }
        }
    )*};
}
floats!(f16, 11; bf16, 8; f32, 24);

/// What the standard library's and `half`'s types have in common, each rounding to the nearest value.
trait Float: Sized {
    fn rounded(value: f64) -> Self;
    fn read(text: &str) -> Option<Self> {
        text.parse().ok().map(Self::rounded)
    }
}

impl Float for f16 {
    fn rounded(value: f64) -> Self {
        Self::from_f64(value)
    }
}

impl Float for bf16 {
    fn rounded(value: f64) -> Self {
        Self::from_f64(value)
    }
}

impl Float for f32 {
    fn rounded(value: f64) -> Self {
        value as Self
    }
    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// Calls `$body` with `$T` standing for the Rust type of a scalar type.
macro_rules! with_element_type {
    ($scalar:expr, $T:ident => $body:expr) => {
        $crate::data::element::with_element_type!(
            $scalar, $T => $body;
            Bool: $crate::data::element::Bool, Char: i8, UChar: u8, Short: i16, UShort: u16, Int: i32, UInt: u32,
            Long: i64, ULong: u64, Half: half::f16, BFloat: half::bf16, Float: f32,
        )
    };
    ($scalar:expr, $T:ident => $body:expr; $($name:ident: $rust:ty,)*) => {
        match $scalar {
            $(metal_bridge::ScalarType::$name => {
                type $T = $rust;
                $body
            })*
        }
    };
}
pub(crate) use with_element_type;

/// What values a type takes, for messages.
pub(crate) const fn expected_values(scalar: ScalarType) -> &'static str {
    match scalar {
        ScalarType::Bool => "true, false, 1 or 0",
        ScalarType::Char => "a whole number from -128 to 127",
        ScalarType::UChar => "a whole number from 0 to 255",
        ScalarType::Short => "a whole number from -32768 to 32767",
        ScalarType::UShort => "a whole number from 0 to 65535",
        ScalarType::Int => "a whole number from -2147483648 to 2147483647",
        ScalarType::UInt => "a whole number from 0 to 4294967295",
        ScalarType::Long => "a whole number from -9223372036854775808 to 9223372036854775807",
        ScalarType::ULong => "a whole number from 0 to 18446744073709551615",
        ScalarType::Half => "a number up to 65504 in magnitude, inf or nan",
        ScalarType::BFloat | ScalarType::Float => "a number up to 3.4e38 in magnitude, inf or nan",
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014): the same numbers for a seed on every machine.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_checked_against_their_range() {
        assert_eq!(i8::parse("-128"), Some(-128));
        assert_eq!(i8::parse("128"), None);
        assert_eq!(u8::parse("0xff"), Some(255));
        assert_eq!(i32::parse("-0x10"), Some(-16));
        assert_eq!(u64::parse("18446744073709551615"), Some(u64::MAX));
        assert_eq!(u32::parse("-1"), None);
        for text in ["", "-", "--1", "0x", "0x-1", "0x+1", "1.5", "1e3", " 1", "-+1", "٣"] {
            assert_eq!(i64::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn floats_that_do_not_fit_are_refused() {
        assert_eq!(f16::parse("65504"), Some(f16::MAX));
        assert_eq!(f16::parse("70000"), None);
        assert_eq!(f16::parse("-inf"), Some(f16::NEG_INFINITY));
        assert!(bf16::parse("nan").unwrap().is_nan());
        assert_eq!(f32::parse("1e39"), None);
        assert_eq!(f32::parse("0.1"), Some(0.1));
        assert_eq!(f32::parse("0.1f"), None);
    }

    #[test]
    fn shown_values_are_read_again() {
        fn check<T: Element + PartialEq + std::fmt::Debug>() {
            let mut random = Random::new(7);
            for _ in 0..1000 {
                let value = T::from_random_bits(random.next());
                assert_eq!(T::parse(&value.show()), Some(value));
            }
        }
        for scalar in ScalarType::ALL {
            with_element_type!(scalar, T => check::<T>());
        }
    }

    #[test]
    fn sizes_are_those_of_msl() {
        for scalar in ScalarType::ALL {
            with_element_type!(scalar, T => assert_eq!(size_of::<T>(), scalar.size()));
        }
    }

    #[test]
    fn random_floats_lie_in_the_unit_interval() {
        assert_eq!(f32::from_random_bits(0), 0.0);
        assert!(f32::from_random_bits(u64::MAX) < 1.0);
        assert!(f16::from_random_bits(u64::MAX) < f16::ONE);
        assert!(bf16::from_random_bits(u64::MAX) < bf16::ONE);
    }

    #[test]
    fn random_bits_are_those_of_splitmix64() {
        let mut random = Random::new(0);
        assert_eq!(random.next(), 0xe220_a839_7b1d_cdaf);
        assert_eq!(random.next(), 0x6e78_9e6a_a1b9_65f4);
    }
}
