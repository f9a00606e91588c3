//! Products of matrices and convolutions, in f32.

use super::builder::{Builder, Lowered};
use super::movement::physical;
use crate::backend::tensor_program::{Binary, MAX_COLUMNS, MAX_DEPTH, MAX_IMAGES, Operation, Value, Window};
use crate::graph::TensorDataType::Float32;
use crate::graph::data_type::Scalar;
use crate::graph::ir::op::{self, Convolution};

/// A window whose padding MPSGraph takes, and the padding that must be there before: what is more than the window reaches.
pub(super) fn split_padding(window: &op::Window, kernel: [usize; 2]) -> (Window, [[usize; 2]; 2]) {
    let mut rest = [[0; 2]; 2];
    let mut padding = window.padding;
    for axis in 0..2 {
        let reach = (kernel[axis] - 1) * window.dilations[axis];
        for side in 0..2 {
            padding[axis][side] = window.padding[axis][side].min(reach);
            rest[axis][side] = window.padding[axis][side] - padding[axis][side];
        }
    }
    (Window { strides: window.strides, dilations: window.dilations, padding }, rest)
}

impl Builder {
    /// Tensors with their sizes → a tensor of these sizes.
    pub(super) fn matmul(
        &mut self,
        (a, a_sizes): (Value, &[usize]),
        (b, b_sizes): (Value, &[usize]),
        result: &[usize],
    ) -> Lowered {
        let data_type = self.data_type(a);
        let (a, b) = (self.up(a)?, self.up(b)?);
        let rank = result.len();
        let [rows, columns] = [result[rank - 2], result[rank - 1]];
        let depth = a_sizes[a_sizes.len() - 1];
        let batch: usize = result[..rank - 2].iter().product();
        let b_batch: usize = b_sizes[..b_sizes.len() - 2].iter().product();
        let product = if b_batch == 1 {
            // All rows of all matrices are rows of one.
            let a = self.reshape(a, &[batch * rows, depth])?;
            let b = self.reshape(b, &[depth, columns])?;
            self.product(a, b, [depth, columns])?
        } else {
            let repeated = |this: &mut Self, x: Value, from: &[usize], matrix: [usize; 2]| {
                let mut to = result[..rank - 2].to_vec();
                to.extend(matrix);
                let x = this.broadcast_op(x, from, &to)?;
                this.reshape(x, &[batch, matrix[0], matrix[1]])
            };
            let a = repeated(self, a, a_sizes, [rows, depth])?;
            let b = repeated(self, b, b_sizes, [depth, columns])?;
            self.product(a, b, [depth, columns])?
        };
        let product = self.down(product, data_type)?;
        self.reshape(product, &physical(result))
    }

    /// A product of matrices in parts that MPSGraph computes rightly.
    fn product(&mut self, a: Value, b: Value, [depth, columns]: [usize; 2]) -> Lowered {
        let last = self.sizes(a).len() - 1;
        let mut blocks = Vec::new();
        for first in (0..columns).step_by(MAX_COLUMNS) {
            let b = self.slice_axis(b, last, [first, columns.min(first + MAX_COLUMNS), 1])?;
            let mut sum = None;
            for first in (0..depth).step_by(MAX_DEPTH) {
                let range = [first, depth.min(first + MAX_DEPTH), 1];
                let (a, b) = (self.slice_axis(a, last, range)?, self.slice_axis(b, last - 1, range)?);
                let part = self.add(Operation::MatMul, &[a, b])?;
                sum = Some(match sum {
                    Some(sum) => self.binary(Binary::Addition, sum, part)?,
                    None => part,
                });
            }
            blocks.push(sum.ok_or("an empty product")?);
        }
        self.concat(last, &blocks)
    }

    /// Does something with as many images at a time as MPSGraph takes.
    fn by_images(
        &mut self,
        images: usize,
        mut part: impl FnMut(&mut Self, [usize; 3]) -> Lowered,
    ) -> Lowered<Vec<Value>> {
        let firsts = (0..images).step_by(MAX_IMAGES);
        firsts.map(|first| part(self, [first, images.min(first + MAX_IMAGES), 1])).collect()
    }

    pub(super) fn conv2d(
        &mut self,
        convolution: &Convolution,
        source: Value,
        (weights, weights_sizes): (Value, &[usize]),
    ) -> Lowered {
        let data_type = self.data_type(source);
        let (source, weights) = (self.up(source)?, self.up(weights)?);
        let (window, before) = split_padding(&convolution.window, [weights_sizes[2], weights_sizes[3]]);
        let source = self.pad_image(source, before)?;
        let groups = convolution.groups;
        let images = self.sizes(source)[0];
        let parts = self.by_images(images, |this, range| {
            let source = this.slice_axis(source, 0, range)?;
            this.add(Operation::Conv2d { window, groups }, &[source, weights])
        })?;
        let result = self.concat(0, &parts)?;
        self.down(result, data_type)
    }

    pub(super) fn conv2d_data_gradient(
        &mut self,
        convolution: &Convolution,
        gradient: Value,
        (weights, weights_sizes): (Value, &[usize]),
        source: &[usize],
    ) -> Lowered {
        let data_type = self.data_type(gradient);
        let (gradient, weights) = (self.up(gradient)?, self.up(weights)?);
        let (window, before) = split_padding(&convolution.window, [weights_sizes[2], weights_sizes[3]]);
        let padded = [0, 1].map(|axis| source[axis + 2] + before[axis][0] + before[axis][1]);
        let groups = convolution.groups;
        let parts = self.by_images(source[0], |this, range| {
            let gradient = this.slice_axis(gradient, 0, range)?;
            let sizes = vec![range[1] - range[0], source[1], padded[0], padded[1]];
            this.add(Operation::Conv2dDataGradient { window, groups, sizes }, &[gradient, weights])
        })?;
        let mut result = self.concat(0, &parts)?;
        for axis in 0..2 {
            let start = before[axis][0];
            result = self.slice_axis(result, axis + 2, [start, start + source[axis + 2], 1])?;
        }
        self.down(result, data_type)
    }

    pub(super) fn conv2d_weights_gradient(
        &mut self,
        convolution: &Convolution,
        gradient: Value,
        source: Value,
        weights: &[usize],
    ) -> Lowered {
        let data_type = self.data_type(gradient);
        let (gradient, source) = (self.up(gradient)?, self.up(source)?);
        let (window, before) = split_padding(&convolution.window, [weights[2], weights[3]]);
        let source = self.pad_image(source, before)?;
        let groups = convolution.groups;
        let images = self.sizes(source)[0];
        let parts = self.by_images(images, |this, range| {
            let (gradient, source) =
                (this.slice_axis(gradient, 0, range)?, this.slice_axis(source, 0, range)?);
            let sizes = weights.to_vec();
            this.add(Operation::Conv2dWeightsGradient { window, groups, sizes }, &[gradient, source])
        })?;
        let mut result = parts[0];
        for &part in &parts[1..] {
            result = self.binary(Binary::Addition, result, part)?;
        }
        self.down(result, data_type)
    }

    fn pad_image(&mut self, source: Value, [rows, columns]: [[usize; 2]; 2]) -> Lowered {
        let zero = Scalar::from_f64(Float32, 0.0);
        self.pad(source, &[0, 0, rows[0], columns[0]], &[0, 0, rows[1], columns[1]], zero)
    }
}
