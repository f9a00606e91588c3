//! Matrix products and convolutions, in double precision.

use super::super::ir::op::{Convolution, Window};
use super::tensor::{Tensor, offset, position, strides};

pub(super) fn matmul(a: &Tensor, b: &Tensor, shape: &[usize]) -> Vec<f64> {
    let rank = shape.len();
    let (m, n) = (shape[rank - 2], shape[rank - 1]);
    let k = a.shape[a.shape.len() - 1];
    let batch = &shape[..rank - 2];
    // Where the matrix of an operand begins that a matrix of the result is made of.
    let start = |operand: &Tensor, position: &[usize]| {
        let leading = &operand.shape[..operand.shape.len() - 2];
        let strides = strides(&operand.shape);
        let new = position.len() - leading.len();
        let own: Vec<usize> =
            leading.iter().zip(&position[new..]).map(|(&size, &p)| if size == 1 { 0 } else { p }).collect();
        offset(&own, &strides)
    };
    let (a_values, b_values) = (a.floats(), b.floats());
    let mut result = Vec::with_capacity(shape.iter().product());
    for i in 0..batch.iter().product() {
        let position = position(i, batch);
        let (a_start, b_start) = (start(a, &position), start(b, &position));
        for row in 0..m {
            for column in 0..n {
                let product = |j: usize| a_values[a_start + row * k + j] * b_values[b_start + j * n + column];
                result.push((0..k).map(product).sum());
            }
        }
    }
    result
}

/// Calls `visit` for each product of a convolution with the places of the result, of the source and of the
/// weights.
fn products(
    convolution: &Convolution,
    [source, weights, result]: [&[usize]; 3],
    mut visit: impl FnMut(usize, usize, usize),
) {
    let &[_, channels, height, width] = source else { unreachable!("images have rank 4") };
    let &[outputs, group_channels, kernel_height, kernel_width] = weights else {
        unreachable!("weights have rank 4")
    };
    let &[batch, _, out_height, out_width] = result else { unreachable!("images have rank 4") };
    let Convolution { window, groups } = convolution;
    let group_outputs = outputs / groups;
    for n in 0..batch {
        for o in 0..outputs {
            let first_channel = o / group_outputs * group_channels;
            for oy in 0..out_height {
                for ox in 0..out_width {
                    let to = ((n * outputs + o) * out_height + oy) * out_width + ox;
                    for c in 0..group_channels {
                        let from = (n * channels + first_channel + c) * height * width;
                        let weight = (o * group_channels + c) * kernel_height * kernel_width;
                        for (ky, y) in elements(window, 0, oy, kernel_height, height) {
                            for (kx, x) in elements(window, 1, ox, kernel_width, width) {
                                visit(to, from + y * width + x, weight + ky * kernel_width + kx);
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Which of a window's elements along an axis are not in the padding, with where they lie in the source.
pub(super) fn elements(
    window: &Window,
    axis: usize,
    output: usize,
    kernel: usize,
    size: usize,
) -> impl Iterator<Item = (usize, usize)> {
    let (step, before) = (window.dilations[axis], window.padding[axis][0]);
    let origin = output * window.strides[axis];
    let first = before.saturating_sub(origin).div_ceil(step);
    let end = (before + size).saturating_sub(origin).div_ceil(step).min(kernel);
    (first..end).map(move |element| (element, origin + element * step - before))
}

pub(super) fn conv2d(
    convolution: &Convolution,
    source: &Tensor,
    weights: &Tensor,
    shape: &[usize],
) -> Vec<f64> {
    let mut result = vec![0.0; shape.iter().product()];
    let (from, by) = (source.floats(), weights.floats());
    products(convolution, [&source.shape, &weights.shape, shape], |r, s, w| result[r] += from[s] * by[w]);
    result
}

pub(super) fn data_gradient(
    convolution: &Convolution,
    gradient: &Tensor,
    weights: &Tensor,
    shape: &[usize],
) -> Vec<f64> {
    let mut result = vec![0.0; shape.iter().product()];
    let (from, by) = (gradient.floats(), weights.floats());
    products(convolution, [shape, &weights.shape, &gradient.shape], |r, s, w| result[s] += from[r] * by[w]);
    result
}

pub(super) fn weights_gradient(
    convolution: &Convolution,
    gradient: &Tensor,
    source: &Tensor,
    shape: &[usize],
) -> Vec<f64> {
    let mut result = vec![0.0; shape.iter().product()];
    let (from, by) = (gradient.floats(), source.floats());
    products(convolution, [&source.shape, shape, &gradient.shape], |r, s, w| result[w] += from[r] * by[s]);
    result
}
