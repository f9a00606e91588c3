//! Pooling. The greatest element of a window is found by comparing the image with itself, moved by each place of the window:
//! so NaN, ties and padding are what `Op` says, which MPSGraph's pooling says nothing of. Sums are made likewise, for MPSGraph's
//! averages lose digits of long rows.

use super::super::data::TensorData;
use super::builder::{Builder, Lowered, computed_in};
use crate::backend::tensor_program::{Binary, Operation, Unary, Value};
use crate::graph::TensorDataType::{self, Float32, Int32, Int64};
use crate::graph::data_type::Scalar;
use crate::graph::ir::op::{Convolution, Pooling};

/// The least value of a type that is computed in, as wide as `data_type` needs it.
fn least(data_type: TensorDataType) -> Scalar {
    let wide = computed_in(data_type);
    match data_type {
        Int32 => Scalar::from_i64(wide, i32::MIN.into()),
        Int64 => Scalar::from_i64(wide, i64::MIN),
        data_type if data_type.is_float() => Scalar::from_f64(wide, f64::NEG_INFINITY),
        _ => Scalar::from_i64(wide, 0),
    }
}

/// The sizes of a pooling: all images and channels are one axis.
struct Windows<'a> {
    pooling: &'a Pooling,
    images: usize,
    source: [usize; 2],
    result: [usize; 2],
}

impl<'a> Windows<'a> {
    fn new(pooling: &'a Pooling, source: &[usize], result: &[usize]) -> Self {
        Self {
            pooling,
            images: source[0] * source[1],
            source: [source[2], source[3]],
            result: [result[2], result[3]],
        }
    }

    /// Where in the source the element of a window lies, along one axis; `None` in the padding.
    fn position(&self, axis: usize, output: usize, element: usize) -> Option<usize> {
        let window = &self.pooling.window;
        let place = output * window.strides[axis] + element * window.dilations[axis];
        place.checked_sub(window.padding[axis][0]).filter(|&place| place < self.source[axis])
    }

    /// For each window of an image how many of its elements are no padding.
    fn counts(&self) -> Vec<usize> {
        let along = |axis: usize| -> Vec<usize> {
            let inside = |output| {
                (0..self.pooling.kernel[axis]).filter(|&e| self.position(axis, output, e).is_some()).count()
            };
            (0..self.result[axis]).map(inside).collect()
        };
        let (rows, columns) = (along(0), along(1));
        rows.iter().flat_map(|row| columns.iter().map(move |column| row * column)).collect()
    }
}

impl Builder {
    /// All images with their padding, in the type that is computed in.
    fn padded_images(&mut self, windows: &Windows<'_>, x: Value, value: Scalar) -> Lowered {
        let x = self.up(x)?;
        let x = self.reshape(x, &[windows.images, windows.source[0], windows.source[1]])?;
        let [rows, columns] = windows.pooling.window.padding;
        self.pad(x, &[0, rows[0], columns[0]], &[0, rows[1], columns[1]], value)
    }

    /// One element of each window, along height (0) or width (1).
    fn element(&mut self, windows: &Windows<'_>, x: Value, axis: usize, element: usize) -> Lowered {
        let window = &windows.pooling.window;
        let start = element * window.dilations[axis];
        let end = start + (windows.result[axis] - 1) * window.strides[axis] + 1;
        self.slice_axis(x, axis + 1, [start, end, window.strides[axis]])
    }

    pub(super) fn max_pool(
        &mut self,
        pooling: &Pooling,
        source: Value,
        sizes: &[usize],
        result: &[usize],
    ) -> Lowered {
        let data_type = self.data_type(source);
        let windows = Windows::new(pooling, sizes, result);
        let mut x = self.padded_images(&windows, source, least(data_type))?;
        // First along one axis and then along the other.
        for axis in 0..2 {
            let mut greatest = self.element(&windows, x, axis, 0)?;
            for element in 1..pooling.kernel[axis] {
                let other = self.element(&windows, x, axis, element)?;
                greatest = if self.data_type(x) == Float32 {
                    self.binary(Binary::MaximumWithNaNPropagation, greatest, other)?
                } else {
                    self.greater(greatest, other)?
                };
            }
            x = greatest;
        }
        let x = self.down(x, data_type)?;
        self.reshape(x, result)
    }

    /// What `carried` has where each window's first greatest element is; and along height and width which windows have
    /// anything but padding. Both tensors have padding; sizes of 1 are repeated.
    fn first_greatest(
        &mut self,
        windows: &Windows<'_>,
        x: Value,
        carried: Value,
    ) -> Lowered<(Value, [Vec<bool>; 2])> {
        let (mut best, mut chosen) = (x, carried);
        let mut any = [vec![false; windows.result[0]], vec![false; windows.result[1]]];
        // The first of each row, and then of these the first: so the order is that of rows.
        for axis in [1, 0] {
            let (x, carried) = (best, chosen);
            best = self.element(windows, x, axis, 0)?;
            chosen = self.element(windows, carried, axis, 0)?;
            for element in 0..windows.pooling.kernel[axis] {
                let inside = |output| windows.position(axis, output, element).is_some();
                let inside: Vec<bool> = (0..windows.result[axis]).map(inside).collect();
                if element > 0 {
                    let value = self.element(windows, x, axis, element)?;
                    let says = self.element(windows, carried, axis, element)?;
                    let mut better = self.better(value, best)?;
                    // Padding is as small as a value can be, so it is never better, but anything is better than nothing else.
                    let first: Vec<bool> = inside.iter().zip(&any[axis]).map(|(&i, &a)| i && !a).collect();
                    if first.contains(&true) {
                        let mut sizes = [1; 3];
                        sizes[axis + 1] = windows.result[axis];
                        let first = self.mask(&first, &sizes)?;
                        better = self.binary(Binary::LogicalOr, better, first)?;
                    }
                    best = self.select(better, value, best)?;
                    chosen = self.select(better, says, chosen)?;
                }
                any[axis].iter_mut().zip(inside).for_each(|(any, inside)| *any |= inside);
            }
        }
        Ok((chosen, any))
    }

    /// Whether a value is greater than the best so far; NaN is greater than every number.
    fn better(&mut self, value: Value, best: Value) -> Lowered {
        let greater = self.binary(Binary::GreaterThan, value, best)?;
        if self.data_type(value) != Float32 {
            return Ok(greater);
        }
        let (new, old) = (self.unary(Unary::IsNaN, value)?, self.unary(Unary::IsNaN, best)?);
        let old = self.unary(Unary::Not, old)?;
        let better = self.binary(Binary::LogicalOr, greater, new)?;
        self.binary(Binary::LogicalAnd, better, old)
    }

    pub(super) fn max_pool_select(
        &mut self,
        pooling: &Pooling,
        [source, values]: [Value; 2],
        sizes: &[usize],
        result: &[usize],
    ) -> Lowered {
        let data_type = self.data_type(source);
        let windows = Windows::new(pooling, sizes, result);
        let x = self.padded_images(&windows, source, least(data_type))?;
        // What a window of nothing but padding has found is the padding of the values.
        let values = self.padded_images(&windows, values, Scalar::from_i64(computed_in(data_type), 0))?;
        let (x, _) = self.first_greatest(&windows, x, values)?;
        let x = self.down(x, data_type)?;
        self.reshape(x, result)
    }

    pub(super) fn max_pool_gradient(
        &mut self,
        pooling: &Pooling,
        gradient: Value,
        source: Value,
        sizes: &[usize],
        result: &[usize],
    ) -> Lowered {
        let data_type = self.data_type(source);
        let windows = Windows::new(pooling, sizes, result);
        let x = self.padded_images(&windows, source, least(data_type))?;
        // Where in all images each element is.
        let all = vec![windows.images, windows.source[0], windows.source[1]];
        let elements = all.iter().product();
        let places = self.add(Operation::Coordinate { axis: 0, sizes: vec![elements] }, &[])?;
        let places = self.reshape(places, &all)?;
        let places = self.padded_images(&windows, places, Scalar::from_i64(Int32, 0))?;
        let (places, [rows, columns]) = self.first_greatest(&windows, x, places)?;
        let count = windows.images * rows.len() * columns.len();
        let valid = rows.iter().flat_map(|&row| columns.iter().map(move |&column| row && column));
        let valid = self.mask(&valid.collect::<Vec<_>>(), &[1, rows.len(), columns.len()])?;
        // To the shape of all windows, as every place is.
        let all = self.with(Binary::GreaterThanOrEqual, places, 0)?;
        let valid = self.binary(Binary::LogicalAnd, valid, all)?;
        let places = self.reshape(places, &[count])?;
        let zeros = self.constant(Scalar::from_i64(data_type, 0), &[elements, 1])?;
        let sum = self.add_rows([elements, 1], zeros, places, valid, gradient)?;
        self.reshape(sum, sizes)
    }

    /// What each window's sum is multiplied by.
    fn factors(&mut self, windows: &Windows<'_>, count_padding: bool) -> Lowered {
        let whole = windows.pooling.kernel[0] * windows.pooling.kernel[1];
        let factor = |count: usize| 1.0 / if count_padding { whole } else { count.max(1) } as f32;
        let bytes = windows.counts().into_iter().flat_map(|count| factor(count).to_ne_bytes()).collect();
        self.data(TensorData::from_parts(Float32, vec![1, windows.result[0], windows.result[1]], bytes))
    }

    pub(super) fn avg_pool(
        &mut self,
        pooling: &Pooling,
        count_padding: bool,
        source: Value,
        sizes: &[usize],
        result: &[usize],
    ) -> Lowered {
        let data_type = self.data_type(source);
        let windows = Windows::new(pooling, sizes, result);
        let mut x = self.padded_images(&windows, source, Scalar::from_f64(Float32, 0.0))?;
        for axis in 0..2 {
            let mut sum = self.element(&windows, x, axis, 0)?;
            for element in 1..pooling.kernel[axis] {
                let other = self.element(&windows, x, axis, element)?;
                sum = self.binary(Binary::Addition, sum, other)?;
            }
            x = sum;
        }
        let factors = self.factors(&windows, count_padding)?;
        let mean = self.binary(Binary::Multiplication, x, factors)?;
        let mean = self.down(mean, data_type)?;
        self.reshape(mean, result)
    }

    /// The gradient of sums is that of a convolution of each channel by ones.
    pub(super) fn avg_pool_gradient(
        &mut self,
        pooling: &Pooling,
        count_padding: bool,
        gradient: Value,
        sizes: &[usize],
        result: &[usize],
    ) -> Lowered {
        let windows = Windows::new(pooling, sizes, result);
        let data_type = self.data_type(gradient);
        let x = self.up(gradient)?;
        let x = self.reshape(x, &[windows.images, windows.result[0], windows.result[1]])?;
        let factors = self.factors(&windows, count_padding)?;
        let x = self.binary(Binary::Multiplication, x, factors)?;
        let x = self.reshape(x, result)?;
        let channels = sizes[1];
        let ones = [channels, 1, pooling.kernel[0], pooling.kernel[1]];
        let weights = self.constant(Scalar::from_f64(Float32, 1.0), &ones)?;
        let convolution = Convolution { window: pooling.window, groups: channels };
        let x = self.conv2d_data_gradient(&convolution, x, (weights, &ones), sizes)?;
        self.down(x, data_type)
    }
}
