//! The types of tensors' elements, and single values of them.

use std::fmt;

use half::{bf16, f16};
use msl_types::ScalarType;
use serde::{Deserialize, Serialize};

/// The type of a tensor's elements.
///
/// There is no implicit conversion between types: operations that take several tensors take them of one type,
/// and [`Graph::cast`](super::Graph::cast) converts.
#[doc(alias = "MPSDataType")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum TensorDataType {
    /// IEEE single precision.
    #[doc(alias = "MPSDataTypeFloat32")]
    #[serde(rename = "f32")]
    Float32,
    /// IEEE half precision. Sums and products are accumulated in single precision.
    #[doc(alias = "MPSDataTypeFloat16")]
    #[serde(rename = "f16")]
    Float16,
    /// The upper half of single precision. Sums and products are accumulated in single precision.
    #[doc(alias = "MPSDataTypeBFloat16")]
    #[serde(rename = "bf16")]
    BFloat16,
    /// 32 bits, signed; arithmetic wraps around.
    #[doc(alias = "MPSDataTypeInt32")]
    #[serde(rename = "i32")]
    Int32,
    /// 64 bits, signed; arithmetic wraps around.
    #[doc(alias = "MPSDataTypeInt64")]
    #[serde(rename = "i64")]
    Int64,
    /// 8 bits, unsigned; arithmetic wraps around.
    #[doc(alias = "MPSDataTypeUInt8")]
    #[serde(rename = "u8")]
    UInt8,
    /// True or false, in one byte that is 1 or 0.
    #[doc(alias = "MPSDataTypeBool")]
    #[serde(rename = "bool")]
    Bool,
}

impl TensorDataType {
    /// All types.
    pub const ALL: [Self; 7] =
        [Self::Float32, Self::Float16, Self::BFloat16, Self::Int32, Self::Int64, Self::UInt8, Self::Bool];

    /// Bytes of one element.
    pub const fn size(self) -> usize {
        match self {
            Self::Int64 => 8,
            Self::Float32 | Self::Int32 => 4,
            Self::Float16 | Self::BFloat16 => 2,
            Self::UInt8 | Self::Bool => 1,
        }
    }

    /// The type of elements in kernels.
    pub const fn scalar_type(self) -> ScalarType {
        match self {
            Self::Float32 => ScalarType::Float,
            Self::Float16 => ScalarType::Half,
            Self::BFloat16 => ScalarType::BFloat,
            Self::Int32 => ScalarType::Int,
            Self::Int64 => ScalarType::Long,
            Self::UInt8 => ScalarType::UChar,
            Self::Bool => ScalarType::Bool,
        }
    }

    /// The type of tensors whose elements are of a kernels' type, if there is one.
    pub fn of_scalar(scalar_type: ScalarType) -> Option<Self> {
        Self::ALL.into_iter().find(|data_type| data_type.scalar_type() == scalar_type)
    }

    /// Whether it is a floating-point type.
    pub const fn is_float(self) -> bool {
        matches!(self, Self::Float32 | Self::Float16 | Self::BFloat16)
    }

    /// Whether it is an integer type. Booleans are none.
    pub const fn is_integer(self) -> bool {
        matches!(self, Self::Int32 | Self::Int64 | Self::UInt8)
    }

    /// The short name: `f32`, `f16`, `bf16`, `i32`, `i64`, `u8`, `bool`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Float32 => "f32",
            Self::Float16 => "f16",
            Self::BFloat16 => "bf16",
            Self::Int32 => "i32",
            Self::Int64 => "i64",
            Self::UInt8 => "u8",
            Self::Bool => "bool",
        }
    }
}

impl fmt::Display for TensorDataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One value of a type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "SavedScalar", try_from = "SavedScalar")]
pub(crate) struct Scalar {
    data_type: TensorDataType,
    /// The element's bits, above them zeros.
    bits: u64,
}

impl Scalar {
    /// The value nearest to a number: floats round, integers are cut to whole numbers and to their range, NaN
    /// becomes 0 in integers, and anything but 0 is true.
    pub(crate) fn from_f64(data_type: TensorDataType, value: f64) -> Self {
        let bits = match data_type {
            TensorDataType::Float32 => u64::from((value as f32).to_bits()),
            TensorDataType::Float16 => u64::from(f16::from_f64(value).to_bits()),
            TensorDataType::BFloat16 => u64::from(bf16::from_f64(value).to_bits()),
            TensorDataType::Int32 => u64::from(value as i32 as u32),
            TensorDataType::Int64 => value as i64 as u64,
            TensorDataType::UInt8 => u64::from(value as u8),
            TensorDataType::Bool => u64::from(value != 0.0),
        };
        Self { data_type, bits }
    }

    /// The value nearest to an integer; integers that are too large for the type wrap around.
    pub(crate) fn from_i64(data_type: TensorDataType, value: i64) -> Self {
        let bits = match data_type {
            TensorDataType::Int32 => u64::from(value as u32),
            TensorDataType::Int64 => value as u64,
            TensorDataType::UInt8 => u64::from(value as u8),
            TensorDataType::Bool => u64::from(value != 0),
            _ => return Self::from_f64(data_type, value as f64),
        };
        Self { data_type, bits }
    }

    /// The element that `bytes` hold in this machine's order, which are as many as the type has.
    pub(crate) fn from_bytes(data_type: TensorDataType, bytes: &[u8]) -> Self {
        let bits = match *bytes {
            [a] => u64::from(a),
            [a, b] => u64::from(u16::from_ne_bytes([a, b])),
            [a, b, c, d] => u64::from(u32::from_ne_bytes([a, b, c, d])),
            [a, b, c, d, e, f, g, h] => u64::from_ne_bytes([a, b, c, d, e, f, g, h]),
            _ => unreachable!("elements have 1, 2, 4 or 8 bytes"),
        };
        Self { data_type, bits }
    }

    /// Appends the element's bytes in this machine's order.
    pub(crate) fn write(self, to: &mut Vec<u8>) {
        let bits = self.bits();
        match self.data_type.size() {
            1 => to.push(bits as u8),
            2 => to.extend((bits as u16).to_ne_bytes()),
            4 => to.extend((bits as u32).to_ne_bytes()),
            _ => to.extend(bits.to_ne_bytes()),
        }
    }

    pub(crate) fn data_type(self) -> TensorDataType {
        self.data_type
    }

    /// The element's bits, above them zeros.
    pub(crate) fn bits(self) -> u64 {
        self.bits
    }

    /// The value as a number; integers of 64 bits round.
    pub(crate) fn to_f64(self) -> f64 {
        match self.data_type {
            TensorDataType::Float32 => f64::from(f32::from_bits(self.bits as u32)),
            TensorDataType::Float16 => f16::from_bits(self.bits as u16).to_f64(),
            TensorDataType::BFloat16 => bf16::from_bits(self.bits as u16).to_f64(),
            _ => self.to_i64() as f64,
        }
    }

    /// The value as an integer; floats are cut to whole numbers and to the range.
    pub(crate) fn to_i64(self) -> i64 {
        match self.data_type {
            TensorDataType::Int32 => i64::from(self.bits as i32),
            TensorDataType::Int64 => self.bits as i64,
            TensorDataType::UInt8 | TensorDataType::Bool => self.bits as i64,
            _ => self.to_f64() as i64,
        }
    }
}

/// A scalar as it is saved.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedScalar {
    data_type: TensorDataType,
    value: SavedNumber,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum SavedNumber {
    Integer(i64),
    Float(f64),
    /// `NaN`, `inf` or `-inf`, which JSON has no numbers for.
    Text(String),
}

impl From<Scalar> for SavedScalar {
    fn from(scalar: Scalar) -> Self {
        let value = match scalar.to_f64() {
            _ if !scalar.data_type.is_float() => SavedNumber::Integer(scalar.to_i64()),
            value if value.is_finite() => SavedNumber::Float(value),
            value => SavedNumber::Text(value.to_string()),
        };
        Self { data_type: scalar.data_type, value }
    }
}

impl TryFrom<SavedScalar> for Scalar {
    type Error = String;

    fn try_from(saved: SavedScalar) -> Result<Self, String> {
        let SavedScalar { data_type, value } = saved;
        if data_type.is_float() {
            let value = match value {
                SavedNumber::Integer(value) => value as f64,
                SavedNumber::Float(value) => value,
                SavedNumber::Text(text) => {
                    text.parse().map_err(|_| format!("{text:?} is no number of type {data_type}"))?
                }
            };
            return Ok(Self::from_f64(data_type, value));
        }
        match value {
            SavedNumber::Integer(value) if Self::from_i64(data_type, value).to_i64() == value => {
                Ok(Self::from_i64(data_type, value))
            }
            SavedNumber::Integer(value) => Err(format!("{data_type} cannot hold {value}")),
            SavedNumber::Float(_) | SavedNumber::Text(_) => {
                Err(format!("a value of type {data_type} is no whole number"))
            }
        }
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.data_type {
            TensorDataType::Bool => write!(f, "{}", self.bits != 0),
            TensorDataType::Float32 => write!(f, "{:?}", f32::from_bits(self.bits as u32)),
            TensorDataType::Float16 => write!(f, "{:?}", f16::from_bits(self.bits as u16)),
            TensorDataType::BFloat16 => write!(f, "{:?}", bf16::from_bits(self.bits as u16)),
            _ => write!(f, "{}", self.to_i64()),
        }
    }
}

impl fmt::Debug for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}{}", self.data_type)
    }
}

mod sealed {
    pub trait Sealed {}
}

/// A Rust type that elements of tensors can be given and read in: `f32`, [`half::f16`], [`half::bf16`], `i32`,
/// `i64`, `u8` and `bool`.
pub trait Element: Copy + bytemuck::NoUninit + bytemuck::CheckedBitPattern + sealed::Sealed {
    /// The type of tensors of such elements.
    const DATA_TYPE: TensorDataType;
}

macro_rules! elements {
    ($($rust:ty = $data_type:ident),* $(,)?) => {
        $(
            impl sealed::Sealed for $rust {}
            impl Element for $rust {
                const DATA_TYPE: TensorDataType = TensorDataType::$data_type;
            }
        )*
    };
}

elements!(f32 = Float32, f16 = Float16, bf16 = BFloat16, i32 = Int32, i64 = Int64, u8 = UInt8, bool = Bool,);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_survive_their_bytes() {
        for data_type in TensorDataType::ALL {
            let one = Scalar::from_f64(data_type, 1.0);
            let mut bytes = Vec::new();
            one.write(&mut bytes);
            assert_eq!(bytes.len(), data_type.size());
            assert_eq!(Scalar::from_bytes(data_type, &bytes), one);
            assert_eq!((one.to_f64(), one.to_i64()), (1.0, 1));
        }
    }

    #[test]
    fn conversions_saturate_and_wrap() {
        assert_eq!(Scalar::from_f64(TensorDataType::UInt8, -3.0).to_i64(), 0);
        assert_eq!(Scalar::from_f64(TensorDataType::UInt8, 300.7).to_i64(), 255);
        assert_eq!(Scalar::from_i64(TensorDataType::UInt8, 257).to_i64(), 1);
        assert_eq!(Scalar::from_f64(TensorDataType::Int32, f64::NAN).to_i64(), 0);
        assert_eq!(Scalar::from_i64(TensorDataType::Int32, -1).to_i64(), -1);
        assert_eq!(Scalar::from_f64(TensorDataType::Float16, 1e6).to_f64(), f64::INFINITY);
    }
}
