//! Types of values. Every value is a scalar.

use std::fmt;

/// What a pointer may point to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Space {
    /// Any memory. Private variables have addresses in this space; so has everything whose pointer was cast,
    /// as C++ does with `this`.
    Generic,
    /// Buffers and constant tables.
    Device,
    /// Memory of a threadgroup.
    Threadgroup,
}

impl Space {
    pub(crate) const ALL: [Self; 3] = [Self::Generic, Self::Device, Self::Threadgroup];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Generic => "generic",
            Self::Device => "device",
            Self::Threadgroup => "threadgroup",
        }
    }

    /// LLVM's number of it.
    pub(crate) const fn from_number(number: u32) -> Option<Self> {
        match number {
            0 => Some(Self::Generic),
            1 => Some(Self::Device),
            3 => Some(Self::Threadgroup),
            _ => None,
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.name() == text)
    }
}

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Type {
    /// An integer of 1 to 128 bits, without a sign of its own. Kernels have 1, 8, 16, 32 and 64 bits; other widths
    /// come from optimisation.
    Int(u8),
    F16,
    BF16,
    F32,
    F64,
    Ptr(Space),
}

impl Type {
    pub(crate) const I1: Self = Self::Int(1);
    pub(crate) const I8: Self = Self::Int(8);
    pub(crate) const I32: Self = Self::Int(32);
    pub(crate) const I64: Self = Self::Int(64);
    const FLOATS: [(&'static str, Self); 4] =
        [("f16", Self::F16), ("bf16", Self::BF16), ("f32", Self::F32), ("f64", Self::F64)];

    /// Number of bits of a value.
    pub(crate) const fn bits(self) -> u32 {
        match self {
            Self::Int(bits) => bits as u32,
            Self::F16 | Self::BF16 => 16,
            Self::F32 => 32,
            Self::F64 | Self::Ptr(_) => 64,
        }
    }

    /// Bytes that a load or store touches.
    pub(crate) const fn bytes(self) -> u32 {
        self.bits().div_ceil(8)
    }

    /// The bits that a value of this type may have set.
    pub(crate) const fn mask(self) -> u128 {
        u128::MAX >> (128 - self.bits())
    }

    pub(crate) const fn is_int(self) -> bool {
        matches!(self, Self::Int(_))
    }

    pub(crate) const fn is_float(self) -> bool {
        matches!(self, Self::F16 | Self::BF16 | Self::F32 | Self::F64)
    }

    pub(crate) const fn is_pointer(self) -> bool {
        matches!(self, Self::Ptr(_))
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        if let Some(space) = text.strip_prefix("ptr.") {
            return Space::parse(space).map(Self::Ptr);
        }
        if let Some((_, float)) = Self::FLOATS.iter().find(|(name, _)| *name == text) {
            return Some(*float);
        }
        let digits = text.strip_prefix('i').filter(|d| !d.starts_with(['0', '+']))?;
        digits.parse().ok().filter(|bits| (1..=128).contains(bits)).map(Self::Int)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(bits) => write!(f, "i{bits}"),
            Self::Ptr(space) => write!(f, "ptr.{}", space.name()),
            float => {
                let named = Self::FLOATS.iter().find(|(_, ty)| ty == float);
                f.write_str(named.expect("all floats have a name").0)
            }
        }
    }
}
