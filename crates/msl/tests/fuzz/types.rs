//! The types that values of generated kernels have.

/// A scalar type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Scalar {
    Bool,
    Char,
    Uchar,
    Short,
    Ushort,
    Int,
    Uint,
    Long,
    Ulong,
    Half,
    Float,
}

impl Scalar {
    pub(crate) const INTEGERS: [Self; 8] =
        [Self::Char, Self::Uchar, Self::Short, Self::Ushort, Self::Int, Self::Uint, Self::Long, Self::Ulong];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Char => "char",
            Self::Uchar => "uchar",
            Self::Short => "short",
            Self::Ushort => "ushort",
            Self::Int => "int",
            Self::Uint => "uint",
            Self::Long => "long",
            Self::Ulong => "ulong",
            Self::Half => "half",
            Self::Float => "float",
        }
    }

    pub(crate) fn is_float(self) -> bool {
        matches!(self, Self::Half | Self::Float)
    }

    pub(crate) fn is_integer(self) -> bool {
        Self::INTEGERS.contains(&self)
    }

    pub(crate) fn bits(self) -> u32 {
        match self {
            Self::Bool => 1,
            Self::Char | Self::Uchar => 8,
            Self::Short | Self::Ushort | Self::Half => 16,
            Self::Int | Self::Uint | Self::Float => 32,
            Self::Long | Self::Ulong => 64,
        }
    }

    pub(crate) fn unsigned(self) -> Self {
        match self {
            Self::Char => Self::Uchar,
            Self::Short => Self::Ushort,
            Self::Int => Self::Uint,
            Self::Long => Self::Ulong,
            other => other,
        }
    }
}

/// A scalar or vector type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Type {
    pub(crate) scalar: Scalar,
    pub(crate) lanes: u8,
}

impl Type {
    pub(crate) const BOOL: Self = Self::of(Scalar::Bool);
    pub(crate) const INT: Self = Self::of(Scalar::Int);
    pub(crate) const UINT: Self = Self::of(Scalar::Uint);
    pub(crate) const ULONG: Self = Self::of(Scalar::Ulong);
    pub(crate) const FLOAT: Self = Self::of(Scalar::Float);

    pub(crate) const fn of(scalar: Scalar) -> Self {
        Self { scalar, lanes: 1 }
    }

    pub(crate) const fn vector(scalar: Scalar, lanes: u8) -> Self {
        Self { scalar, lanes }
    }

    pub(crate) fn name(self) -> String {
        let name = self.scalar.name();
        if self.lanes == 1 { name.into() } else { format!("{name}{}", self.lanes) }
    }

    pub(crate) fn element(self) -> Self {
        Self::of(self.scalar)
    }

    /// A constant of the type.
    pub(crate) fn constant(self) -> String {
        match self.scalar {
            Scalar::Bool => "true".into(),
            _ => format!("{}(1)", self.name()),
        }
    }
}
