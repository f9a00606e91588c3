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

    /// For each window of an image what `of` says of the place in the source of one element; `None` in the padding.
    fn places<T>(&self, [row, column]: [usize; 2], of: impl Fn(Option<usize>) -> T) -> Vec<T> {
        let mut places = Vec::with_capacity(self.result[0] * self.result[1]);
        for y in 0..self.result[0] {
            for x in 0..self.result[1] {
                let place = self.position(0, y, row).zip(self.position(1, x, column));
                places.push(of(place.map(|(y, x)| y * self.source[1] + x)));
            }
        }
        places
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

/// What is found in each window.
struct Found {
    /// What was carried along with the greatest element.
    carried: Value,
    /// Of each window of an image, whether it has anything but padding.
    any: Vec<bool>,
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

    /// What `carried` says of the first greatest element of each window.
    fn first_greatest(
        &mut self,
        windows: &Windows<'_>,
        source: Value,
        carried: &mut dyn FnMut(&mut Self, [usize; 2]) -> Lowered,
    ) -> Lowered<Found> {
        let data_type = self.data_type(source);
        let x = self.padded_images(windows, source, least(data_type))?;
        let mut state: Option<(Value, Value)> = None;
        let mut any = Vec::new();
        for row in 0..windows.pooling.kernel[0] {
            let rows = self.element(windows, x, 0, row)?;
            for column in 0..windows.pooling.kernel[1] {
                let inside = windows.places([row, column], |place| place.is_some());
                let value = self.element(windows, rows, 1, column)?;
                let says = carried(self, [row, column])?;
                let Some((best, chosen)) = state else {
                    state = Some((value, says));
                    any = inside;
                    continue;
                };
                let mut better = self.binary(Binary::GreaterThan, value, best)?;
                if self.data_type(value) == Float32 {
                    let (new, old) = (self.unary(Unary::IsNaN, value)?, self.unary(Unary::IsNaN, best)?);
                    let old = self.unary(Unary::Not, old)?;
                    better = self.binary(Binary::LogicalOr, better, new)?;
                    better = self.binary(Binary::LogicalAnd, better, old)?;
                }
                // Padding is as small as a value can be, so it is never better, but anything is better than nothing else.
                let first: Vec<bool> = inside.iter().zip(&any).map(|(&i, &a)| i && !a).collect();
                if first.contains(&true) {
                    let first = self.mask(&first, &[1, windows.result[0], windows.result[1]])?;
                    better = self.binary(Binary::LogicalOr, better, first)?;
                }
                any.iter_mut().zip(inside).for_each(|(any, inside)| *any |= inside);
                let best = self.select(better, value, best)?;
                state = Some((best, self.select(better, says, chosen)?));
            }
        }
        let (_, carried) = state.ok_or("an empty window")?;
        Ok(Found { carried, any })
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
        let values = self.padded_images(&windows, values, Scalar::from_i64(computed_in(data_type), 0))?;
        let found = self.first_greatest(&windows, source, &mut |this, [row, column]| {
            let rows = this.element(&windows, values, 0, row)?;
            this.element(&windows, rows, 1, column)
        })?;
        // What a window of nothing but padding has found is the padding of the values, which is 0.
        let x = self.down(found.carried, data_type)?;
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
        let (rows, columns) = (windows.result[0], windows.result[1]);
        let all = [windows.images, rows, columns];
        let found = self.first_greatest(&windows, source, &mut |this, element| {
            let bytes = windows.places(element, |place| place.unwrap_or(0) as i32);
            let bytes = bytes.into_iter().flat_map(i32::to_ne_bytes).collect();
            this.data(TensorData::from_parts(Int32, vec![1, rows, columns], bytes))
        })?;
        let area = windows.source[0] * windows.source[1];
        let first = self.add(Operation::Coordinate { axis: 0, sizes: vec![windows.images, 1, 1] }, &[])?;
        let first = self.with(Binary::Multiplication, first, area as i64)?;
        let places = self.binary(Binary::Addition, found.carried, first)?;
        let count = windows.images * rows * columns;
        let places = self.reshape(places, &[count])?;
        let valid = self.mask(&found.any, &[1, rows, columns])?;
        let valid = self.broadcast(valid, &all)?;
        let elements = windows.images * area;
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
