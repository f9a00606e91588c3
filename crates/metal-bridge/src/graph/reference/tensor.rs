//! Values that are computed with.

use super::super::data::TensorData;
use super::super::data_type::{Scalar, TensorDataType};

/// How floats are rounded after each operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Precision {
    /// To their type.
    Rounded,
    /// Not at all: all are double precision.
    Double,
}

impl Precision {
    pub(super) fn round(self, data_type: TensorDataType, value: f64) -> f64 {
        match self {
            Self::Rounded => Scalar::from_f64(data_type, value).to_f64(),
            Self::Double => value,
        }
    }
}

/// Elements in row-major order.
#[derive(Clone, Debug)]
pub(super) enum Values {
    /// Of the float types.
    Floats(Vec<f64>),
    /// Of the integer types, and booleans as 0 and 1.
    Integers(Vec<i64>),
}

/// A tensor's type and values.
#[derive(Clone, Debug)]
pub(super) struct Tensor {
    pub(super) data_type: TensorDataType,
    pub(super) shape: Vec<usize>,
    pub(super) values: Values,
}

impl Tensor {
    pub(super) fn from_data(data: &TensorData) -> Self {
        let values = if data.data_type().is_float() {
            Values::Floats(data.scalars().map(Scalar::to_f64).collect())
        } else {
            Values::Integers(data.scalars().map(Scalar::to_i64).collect())
        };
        Self { data_type: data.data_type(), shape: data.shape().to_vec(), values }
    }

    pub(super) fn from_f64(
        data_type: TensorDataType,
        shape: Vec<usize>,
        numbers: &[f64],
        precision: Precision,
    ) -> Self {
        let values = if data_type.is_float() {
            Values::Floats(numbers.iter().map(|&n| precision.round(data_type, n)).collect())
        } else {
            Values::Integers(numbers.iter().map(|&n| Scalar::from_f64(data_type, n).to_i64()).collect())
        };
        Self { data_type, shape, values }
    }

    pub(super) fn fill(value: Scalar, shape: Vec<usize>) -> Self {
        let count = shape.iter().product();
        let values = if value.data_type().is_float() {
            Values::Floats(vec![value.to_f64(); count])
        } else {
            Values::Integers(vec![value.to_i64(); count])
        };
        Self { data_type: value.data_type(), shape, values }
    }

    /// Rounded to the type, if it is not.
    pub(super) fn into_data(self) -> TensorData {
        let mut bytes = Vec::with_capacity(self.len() * self.data_type.size());
        for i in 0..self.len() {
            let scalar = match &self.values {
                Values::Floats(values) => Scalar::from_f64(self.data_type, values[i]),
                Values::Integers(values) => Scalar::from_i64(self.data_type, values[i]),
            };
            scalar.write(&mut bytes);
        }
        TensorData::from_parts(self.data_type, self.shape, bytes)
    }

    pub(super) fn len(&self) -> usize {
        match &self.values {
            Values::Floats(values) => values.len(),
            Values::Integers(values) => values.len(),
        }
    }

    /// An element as a number.
    pub(super) fn number(&self, i: usize) -> f64 {
        match &self.values {
            Values::Floats(values) => values[i],
            Values::Integers(values) => values[i] as f64,
        }
    }

    /// An element of a tensor of integers or booleans.
    pub(super) fn integer(&self, i: usize) -> i64 {
        match &self.values {
            Values::Integers(values) => values[i],
            Values::Floats(_) => unreachable!("a tensor of floats where integers are"),
        }
    }

    /// The elements of a tensor of floats.
    pub(super) fn floats(&self) -> &[f64] {
        match &self.values {
            Values::Floats(values) => values,
            Values::Integers(_) => unreachable!("a tensor of integers where floats are"),
        }
    }

    /// A tensor of this one's elements at these places; where there is none, `other`.
    pub(super) fn picked(
        &self,
        shape: Vec<usize>,
        places: impl Iterator<Item = Option<usize>>,
        other: Scalar,
    ) -> Self {
        let values = match &self.values {
            Values::Floats(values) => {
                Values::Floats(places.map(|place| place.map_or(other.to_f64(), |i| values[i])).collect())
            }
            Values::Integers(values) => {
                Values::Integers(places.map(|place| place.map_or(other.to_i64(), |i| values[i])).collect())
            }
        };
        Self { data_type: self.data_type, shape, values }
    }
}

/// An integer wrapped around to a type.
pub(super) fn wrap(data_type: TensorDataType, value: i64) -> i64 {
    Scalar::from_i64(data_type, value).to_i64()
}

/// The distance of neighbours along each axis.
pub(super) fn strides(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis];
    }
    strides
}

/// The position of the `i`-th element along each axis.
pub(super) fn position(mut i: usize, shape: &[usize]) -> Vec<usize> {
    let mut position = vec![0; shape.len()];
    for axis in (0..shape.len()).rev() {
        position[axis] = i % shape[axis];
        i /= shape[axis];
    }
    position
}

/// The index of the element at a position.
pub(super) fn offset(position: &[usize], strides: &[usize]) -> usize {
    position.iter().zip(strides).map(|(p, s)| p * s).sum()
}
