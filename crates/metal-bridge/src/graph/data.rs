//! Values of tensors in the host's memory.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};

use super::data_type::{Element, Scalar, TensorDataType};
use super::error::{GraphError, GraphProblem};
use super::shape::Shape;
use crate::error::Result;

/// The values of a tensor in the host's memory, in row-major order: what constants and variables are made of,
/// and what the [reference interpreter](super::reference) works on. Clones share the values.
///
/// ```
/// use metal_bridge::graph::{TensorData, TensorDataType};
///
/// let data = TensorData::new([2, 2], &[1.0f32, 2.0, 3.0, 4.0])?;
/// assert_eq!(data.data_type(), TensorDataType::Float32);
/// assert_eq!(data.to_vec::<f32>()?, [1.0, 2.0, 3.0, 4.0]);
/// # Ok::<(), metal_bridge::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "SavedData", try_from = "SavedData")]
pub struct TensorData {
    data_type: TensorDataType,
    shape: Vec<usize>,
    bytes: Arc<[u8]>,
}

impl TensorData {
    /// Values in row-major order.
    ///
    /// # Errors
    ///
    /// The shape is open, has a size of zero or another number of elements than there are values.
    #[track_caller]
    pub fn new<T: Element>(shape: impl Into<Shape>, values: &[T]) -> Result<Self> {
        let location = Location::caller();
        Self::checked(T::DATA_TYPE, shape.into(), bytemuck::cast_slice(values))
            .map_err(|problem| GraphError::new("TensorData::new", location, problem).into())
    }

    /// The bytes of values in row-major order and in this machine's byte order.
    ///
    /// # Errors
    ///
    /// The shape is open, has a size of zero or needs another number of bytes; a boolean is neither 0 nor 1.
    #[track_caller]
    pub fn from_bytes(data_type: TensorDataType, shape: impl Into<Shape>, bytes: &[u8]) -> Result<Self> {
        let location = Location::caller();
        Self::checked(data_type, shape.into(), bytes)
            .map_err(|problem| GraphError::new("TensorData::from_bytes", location, problem).into())
    }

    /// Data, if the bytes are what the shape needs.
    pub(crate) fn checked(
        data_type: TensorDataType,
        shape: Shape,
        bytes: &[u8],
    ) -> std::result::Result<Self, GraphProblem> {
        super::ir::check_shape("shape", data_type, &shape)?;
        let Some(sizes) = shape.known() else {
            return Err(GraphProblem::Open { argument: "shape", shape, why: "values need known sizes" });
        };
        let expected = sizes.iter().product::<usize>() * data_type.size();
        if bytes.len() != expected {
            return Err(GraphProblem::DataLength { data_type, shape, got: bytes.len(), expected });
        }
        if data_type == TensorDataType::Bool
            && let Some(&byte) = bytes.iter().find(|&&byte| byte > 1)
        {
            return Err(GraphProblem::Parameter {
                parameter: "bytes",
                got: format!("the byte {byte}"),
                expected: "0 or 1 for each bool".into(),
            });
        }
        Ok(Self { data_type, shape: sizes, bytes: bytes.into() })
    }

    /// What is known to fit: bytes of whole, valid elements, as many as the shape has.
    pub(crate) fn from_parts(data_type: TensorDataType, shape: Vec<usize>, bytes: Vec<u8>) -> Self {
        debug_assert_eq!(bytes.len(), shape.iter().product::<usize>() * data_type.size());
        Self { data_type, shape, bytes: bytes.into() }
    }

    /// The type of the elements.
    pub fn data_type(&self) -> TensorDataType {
        self.data_type
    }

    /// The sizes of the dimensions.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The number of elements.
    pub fn element_count(&self) -> usize {
        self.bytes.len() / self.data_type.size()
    }

    /// The elements' bytes, in this machine's order. They may lie at any address.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The values.
    ///
    /// # Errors
    ///
    /// `T` is not the type of the elements.
    #[track_caller]
    pub fn to_vec<T: Element>(&self) -> Result<Vec<T>> {
        if T::DATA_TYPE != self.data_type {
            let problem = GraphProblem::DataType {
                argument: "data",
                got: self.data_type,
                expected: T::DATA_TYPE.name(),
            };
            return Err(GraphError::new("TensorData::to_vec", Location::caller(), problem).into());
        }
        let size = self.data_type.size();
        Ok(self.bytes.chunks_exact(size).map(bytemuck::checked::pod_read_unaligned).collect())
    }

    /// The values as numbers: booleans are 0 and 1, integers of 64 bits round.
    pub fn to_f64(&self) -> Vec<f64> {
        self.scalars().map(Scalar::to_f64).collect()
    }

    /// The elements one by one.
    pub(crate) fn scalars(&self) -> impl Iterator<Item = Scalar> {
        let data_type = self.data_type;
        self.bytes.chunks_exact(data_type.size()).map(move |bytes| Scalar::from_bytes(data_type, bytes))
    }
}

/// Values as they are saved.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedData {
    data_type: TensorDataType,
    shape: Vec<usize>,
    /// Elements in row-major order, each with its lowest byte first.
    base64: String,
}

impl From<TensorData> for SavedData {
    fn from(data: TensorData) -> Self {
        let TensorData { data_type, shape, bytes } = data;
        let base64 = if cfg!(target_endian = "little") {
            BASE64_STANDARD.encode(&bytes)
        } else {
            BASE64_STANDARD.encode(swapped(data_type, bytes.to_vec()))
        };
        Self { data_type, shape, base64 }
    }
}

impl TryFrom<SavedData> for TensorData {
    type Error = String;

    fn try_from(saved: SavedData) -> std::result::Result<Self, String> {
        let SavedData { data_type, shape, base64 } = saved;
        let mut bytes = BASE64_STANDARD.decode(base64).map_err(|error| error.to_string())?;
        if cfg!(target_endian = "big") {
            bytes = swapped(data_type, bytes);
        }
        Self::checked(data_type, shape.into(), &bytes).map_err(|problem| problem.to_string())
    }
}

/// Elements with their bytes in the other order.
pub(super) fn swapped(data_type: TensorDataType, mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.chunks_mut(data_type.size()).for_each(<[u8]>::reverse);
    bytes
}

impl fmt::Debug for TensorData {
    /// Type, shape and the first values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 8;
        write!(f, "{}{:?} [", self.data_type, self.shape)?;
        for (i, value) in self.scalars().take(SHOWN).enumerate() {
            write!(f, "{}{value}", if i == 0 { "" } else { ", " })?;
        }
        write!(f, "{}]", if self.element_count() > SHOWN { ", …" } else { "" })
    }
}
