//! MSL's scalar and vector types, and values of them.
//!
//! ```
//! use msl_types::{DataType, FunctionConstantValues};
//!
//! let ty = DataType::parse("float3").unwrap();
//! assert_eq!((ty.size(), ty.to_string().as_str()), (16, "float3"));
//!
//! let mut values = FunctionConstantValues::new();
//! values.set_constant_value_at_index(0, 5u32).set_constant_value_with_name("fast", true);
//! assert_eq!(values.get(0, "count"), Some(&5u32.into()));
//! ```

use std::collections::BTreeMap;
use std::fmt;

/// A scalar type of the Metal Shading Language (MSL specification, chapter 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[allow(missing_docs, reason = "the names are MSL's own")]
pub enum ScalarType {
    Bool,
    Char,
    UChar,
    Short,
    UShort,
    Int,
    UInt,
    Long,
    ULong,
    Half,
    BFloat,
    Float,
}

impl ScalarType {
    /// All scalar types.
    pub const ALL: [Self; 12] = [
        Self::Bool,
        Self::Char,
        Self::UChar,
        Self::Short,
        Self::UShort,
        Self::Int,
        Self::UInt,
        Self::Long,
        Self::ULong,
        Self::Half,
        Self::BFloat,
        Self::Float,
    ];

    /// The name as written in MSL.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Char => "char",
            Self::UChar => "uchar",
            Self::Short => "short",
            Self::UShort => "ushort",
            Self::Int => "int",
            Self::UInt => "uint",
            Self::Long => "long",
            Self::ULong => "ulong",
            Self::Half => "half",
            Self::BFloat => "bfloat",
            Self::Float => "float",
        }
    }

    /// Size in bytes.
    pub const fn size(self) -> usize {
        match self {
            Self::Bool | Self::Char | Self::UChar => 1,
            Self::Short | Self::UShort | Self::Half | Self::BFloat => 2,
            Self::Int | Self::UInt | Self::Float => 4,
            Self::Long | Self::ULong => 8,
        }
    }
}

/// A scalar, or a vector of two to four scalars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DataType {
    /// The element type.
    pub scalar: ScalarType,
    /// 1 for a scalar, 2 to 4 for a vector.
    pub lanes: u8,
}

impl DataType {
    /// A scalar type.
    pub const fn scalar(scalar: ScalarType) -> Self {
        Self { scalar, lanes: 1 }
    }

    /// Size in bytes as MSL lays it out: three-component vectors take the room of four.
    pub const fn size(self) -> usize {
        self.scalar.size() * if self.lanes == 3 { 4 } else { self.lanes as usize }
    }

    /// Reads MSL's name of a type: `"float"`, `"uint3"`.
    pub fn parse(name: &str) -> Option<Self> {
        let (base, lanes) = match name.as_bytes().last()? {
            digit @ b'2'..=b'4' => (&name[..name.len() - 1], digit - b'0'),
            _ => (name, 1),
        };
        ScalarType::ALL.into_iter().find(|s| s.name() == base).map(|scalar| Self { scalar, lanes })
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.scalar.name())?;
        if self.lanes > 1 {
            write!(f, "{}", self.lanes)?;
        }
        Ok(())
    }
}

/// A value for a function constant: a type and the value's bytes (little endian, lanes without padding).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ConstantValue {
    data_type: DataType,
    bytes: Vec<u8>,
}

impl ConstantValue {
    /// A value of any type from its bytes, `data_type.lanes` elements without padding.
    ///
    /// Returns `None` if the length does not fit the type.
    pub fn from_bytes(data_type: DataType, bytes: &[u8]) -> Option<Self> {
        (bytes.len() == data_type.scalar.size() * usize::from(data_type.lanes))
            .then(|| Self { data_type, bytes: bytes.to_vec() })
    }

    /// The type.
    pub fn data_type(&self) -> DataType {
        self.data_type
    }

    /// The bytes, little endian.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

macro_rules! constant_from {
    ($($rust:ty => $scalar:ident),* $(,)?) => {$(
        impl From<$rust> for ConstantValue {
            fn from(value: $rust) -> Self {
                Self { data_type: DataType::scalar(ScalarType::$scalar), bytes: value.to_le_bytes().to_vec() }
            }
        }
    )*};
}
constant_from! {
    i8 => Char, u8 => UChar, i16 => Short, u16 => UShort, i32 => Int, u32 => UInt, i64 => Long, u64 => ULong,
    f32 => Float, half::f16 => Half, half::bf16 => BFloat,
}

impl From<bool> for ConstantValue {
    fn from(value: bool) -> Self {
        Self { data_type: DataType::scalar(ScalarType::Bool), bytes: vec![u8::from(value)] }
    }
}

/// Values for the function constants of a library, by index or by name (`MTLFunctionConstantValues`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct FunctionConstantValues {
    by_index: BTreeMap<u32, ConstantValue>,
    by_name: BTreeMap<String, ConstantValue>,
}

impl FunctionConstantValues {
    /// No values.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the value of the constant declared with `[[function_constant(index)]]`.
    #[doc(alias = "setConstantValue:type:atIndex:")]
    pub fn set_constant_value_at_index(&mut self, index: u32, value: impl Into<ConstantValue>) -> &mut Self {
        self.by_index.insert(index, value.into());
        self
    }

    /// Sets the value of the constant with this name in the source.
    #[doc(alias = "setConstantValue:type:withName:")]
    pub fn set_constant_value_with_name(
        &mut self,
        name: impl Into<String>,
        value: impl Into<ConstantValue>,
    ) -> &mut Self {
        self.by_name.insert(name.into(), value.into());
        self
    }

    /// The value for a constant: by name if one is set, else by index.
    pub fn get(&self, index: u32, name: &str) -> Option<&ConstantValue> {
        self.by_name.get(name).or_else(|| self.by_index.get(&index))
    }

    /// All values set by index.
    pub fn indices(&self) -> impl Iterator<Item = (u32, &ConstantValue)> {
        self.by_index.iter().map(|(i, v)| (*i, v))
    }

    /// All values set by name.
    pub fn names(&self) -> impl Iterator<Item = (&str, &ConstantValue)> {
        self.by_name.iter().map(|(n, v)| (n.as_str(), v))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for scalar in ScalarType::ALL {
            for lanes in 1..=4 {
                let ty = DataType { scalar, lanes };
                assert_eq!(DataType::parse(&ty.to_string()), Some(ty));
            }
        }
        assert_eq!(DataType::parse("float5"), None);
        assert_eq!(DataType::parse(""), None);
    }

    #[test]
    fn three_lanes_take_the_room_of_four() {
        assert_eq!(DataType::parse("float3").unwrap().size(), 16);
        assert_eq!(DataType::parse("char3").unwrap().size(), 4);
    }

    #[test]
    fn names_win_over_indices() {
        let mut values = FunctionConstantValues::new();
        values.set_constant_value_at_index(1, 5u32).set_constant_value_with_name("a", 7u32);
        assert_eq!(values.get(1, "a"), Some(&7u32.into()));
        assert_eq!(values.get(1, "b"), Some(&5u32.into()));
        assert_eq!(values.get(2, "b"), None);
    }
}
