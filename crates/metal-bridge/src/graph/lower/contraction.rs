//! Products of matrices and convolutions, in f32.

use super::builder::{Builder, Lowered};
use super::movement::physical;
use crate::backend::tensor_program::{Operation, Value, Window};
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
            self.add(Operation::MatMul, &[a, b])?
        } else {
            let repeated = |this: &mut Self, x: Value, from: &[usize], matrix: [usize; 2]| {
                let mut to = result[..rank - 2].to_vec();
                to.extend(matrix);
                let x = this.broadcast_op(x, from, &to)?;
                this.reshape(x, &[batch, matrix[0], matrix[1]])
            };
            let a = repeated(self, a, a_sizes, [rows, depth])?;
            let b = repeated(self, b, b_sizes, [depth, columns])?;
            self.add(Operation::MatMul, &[a, b])?
        };
        let product = self.down(product, data_type)?;
        self.reshape(product, &physical(result))
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
        let result = self.add(Operation::Conv2d { window, groups }, &[source, weights])?;
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
        let padded = [
            source[0],
            source[1],
            source[2] + before[0][0] + before[0][1],
            source[3] + before[1][0] + before[1][1],
        ];
        let operation =
            Operation::Conv2dDataGradient { window, groups: convolution.groups, sizes: padded.to_vec() };
        let mut result = self.add(operation, &[gradient, weights])?;
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
        let operation =
            Operation::Conv2dWeightsGradient { window, groups: convolution.groups, sizes: weights.to_vec() };
        let result = self.add(operation, &[gradient, source])?;
        self.down(result, data_type)
    }

    fn pad_image(&mut self, source: Value, [rows, columns]: [[usize; 2]; 2]) -> Lowered {
        let zero = Scalar::from_f64(Float32, 0.0);
        self.pad(source, &[0, 0, rows[0], columns[0]], &[0, 0, rows[1], columns[1]], zero)
    }
}
