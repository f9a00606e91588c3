//! Arrays of the crate `ndarray`: copied to and from tensors, and as views of buffers' memory.

use std::panic::Location;

use bytemuck::Pod;
use ndarray::{ArrayD, ArrayRef, ArrayViewD, ArrayViewMutD, Dimension, IxDyn};

use crate::buffer::{Buffer, BufferView, BufferViewMut};
use crate::error::{Error, Result};
use crate::graph::{Element, GraphError, TensorData};

impl TensorData {
    /// A copy of an array, whatever its layout. With the feature `ndarray`.
    ///
    /// ```
    /// use metal_bridge::graph::TensorData;
    /// use ndarray::array;
    ///
    /// let matrix = array![[1.0f32, 2.0], [3.0, 4.0]];
    /// let data = TensorData::from_array(&matrix.t())?;
    /// assert_eq!(data.to_vec::<f32>()?, [1.0, 3.0, 2.0, 4.0]);
    /// assert_eq!(data.to_array::<f32>()?, matrix.t().into_dyn());
    /// # Ok::<(), metal_bridge::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A size is zero, or there are more than 16 axes.
    #[track_caller]
    pub fn from_array<T: Element, D: Dimension>(array: &ArrayRef<T, D>) -> Result<Self> {
        let location = Location::caller();
        let rows = array.as_standard_layout();
        let values = rows.as_slice().expect("the standard layout is a slice");
        Self::checked(T::DATA_TYPE, array.shape().into(), bytemuck::cast_slice(values))
            .map_err(|problem| GraphError::new("TensorData::from_array", location, problem).into())
    }

    /// The values as an array. With the feature `ndarray`.
    ///
    /// # Errors
    ///
    /// `T` is not the type of the elements.
    #[track_caller]
    pub fn to_array<T: Element>(&self) -> Result<ArrayD<T>> {
        let values = self.to_vec::<T>()?;
        Ok(ArrayD::from_shape_vec(self.shape(), values)
            .expect("the shape has as many elements as there are values"))
    }
}

impl<T: Pod> BufferView<T> {
    /// The slice as an array in row-major order, without copying. With the feature `ndarray`.
    ///
    /// ```
    /// use metal_bridge::{Device, ResourceOptions};
    /// use ndarray::{array, Axis};
    ///
    /// # fn main() -> metal_bridge::Result<()> {
    /// let values = [1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0];
    /// let buffer = Device::null().new_buffer_with_data(&values, ResourceOptions::default())?;
    /// let view = buffer.map_read::<f32>()?;
    /// let matrix = view.as_array(&[2, 3])?;
    /// assert_eq!(matrix.sum_axis(Axis(1)), array![6.0, 15.0].into_dyn());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The shape has another number of elements than the slice.
    pub fn as_array(&self, shape: &[usize]) -> Result<ArrayViewD<'_, T>> {
        check(shape, self.len(), self.buffer())?;
        Ok(ArrayViewD::from_shape(IxDyn(shape), self).expect("the shape was checked"))
    }
}

impl<T: Pod> BufferViewMut<T> {
    /// The slice as an array in row-major order, without copying. With the feature `ndarray`.
    ///
    /// # Errors
    ///
    /// The shape has another number of elements than the slice.
    pub fn as_array_mut(&mut self, shape: &[usize]) -> Result<ArrayViewMutD<'_, T>> {
        check(shape, self.len(), self.buffer())?;
        Ok(ArrayViewMutD::from_shape(IxDyn(shape), self).expect("the shape was checked"))
    }
}

/// Whether a shape has as many elements as a view; also none that `ndarray` refuses.
fn check(shape: &[usize], elements: usize, buffer: &Buffer) -> Result<()> {
    // Sizes that overflow are too many even beside a zero.
    let count = shape
        .iter()
        .filter(|size| **size != 0)
        .try_fold(1isize, |count, size| count.checked_mul(isize::try_from(*size).ok()?));
    let product = count.map(|count| if shape.contains(&0) { 0 } else { count as usize });
    if product == Some(elements) {
        return Ok(());
    }
    Err(Error::ArrayShape { buffer: buffer.describe(), shape: shape.to_vec(), elements })
}

#[cfg(test)]
mod tests {
    use half::{bf16, f16};
    use ndarray::{Array, arr0, arr2};

    use super::*;
    use crate::device::Device;

    fn comes_back<T: Element + PartialEq + std::fmt::Debug>(values: [T; 4]) {
        let array = Array::from_iter(values).into_shape_with_order((2, 2)).unwrap();
        let data = TensorData::from_array(&array.t()).unwrap();
        assert_eq!(data.data_type(), T::DATA_TYPE);
        assert_eq!(data.to_array::<T>().unwrap(), array.t().into_dyn());
    }

    #[test]
    fn all_types_come_back() {
        comes_back([1.0f32, 2.0, 3.0, 4.0]);
        comes_back([1.0, 2.0, 3.0, 4.0].map(f16::from_f32));
        comes_back([1.0, 2.0, 3.0, 4.0].map(bf16::from_f32));
        comes_back([-1i32, 2, 3, 4]);
        comes_back([-1i64, 2, 3, 4]);
        comes_back([1u8, 2, 3, 4]);
        comes_back([true, false, false, true]);
        let scalar = TensorData::from_array(&arr0(7i32)).unwrap();
        assert_eq!(scalar.to_array::<i32>().unwrap(), arr0(7).into_dyn());
    }

    #[test]
    fn slices_and_reversed_axes_are_copied_in_their_order() {
        let array = arr2(&[[1i32, 2, 3], [4, 5, 6]]);
        let data = TensorData::from_array(&array.slice(ndarray::s![..;-1, 1..])).unwrap();
        assert_eq!(data.to_vec::<i32>().unwrap(), [5, 6, 2, 3]);
        assert!(TensorData::from_array(&array.slice(ndarray::s![..0, ..])).is_err(), "no elements");
        assert!(data.to_array::<f32>().is_err(), "another type");
    }

    #[test]
    fn views_are_the_buffers_memory() {
        let buffer = Device::null().new_buffer_with_data(&[1i32, 2, 3, 4, 5, 6], Default::default()).unwrap();
        buffer.map_write::<i32>().unwrap().as_array_mut(&[3, 2]).unwrap()[[2, 0]] = 50;
        assert_eq!(buffer.map_read::<i32>().unwrap().as_array(&[2, 3]).unwrap()[[1, 1]], 50);
        let part = buffer.map_read_range::<i32>(8..16).unwrap();
        assert_eq!(part.as_array(&[2]).unwrap().as_slice(), Some(&[3, 4][..]));
    }

    #[test]
    fn shapes_that_do_not_fit_are_refused() {
        let buffer = Device::null().new_buffer_with_data(&[1u8, 2, 3, 4], Default::default()).unwrap();
        let mut view = buffer.map_write::<u8>().unwrap();
        for shape in [&[5][..], &[2], &[], &[0], &[usize::MAX, 2], &[0, usize::MAX, usize::MAX]] {
            let error = view.as_array_mut(shape).unwrap_err();
            assert!(matches!(&error, Error::ArrayShape { elements: 4, .. }), "{error}");
        }
        drop(view);
        let empty = buffer.map_read_range::<u8>(4..4).unwrap();
        assert!(empty.as_array(&[0, 3]).is_ok());
        assert!(empty.as_array(&[0, usize::MAX, 3]).is_err());
    }
}
