//! Pooling.

use super::super::data_type::{Scalar, TensorDataType};
use super::super::ir::op::Pooling;
use super::contraction::elements;
use super::tensor::{Precision, Tensor, Values, wrap};

/// Calls `visit` for each window, with the place of its result and the places of its elements in the source,
/// row by row, without the padding.
fn windows(pooling: &Pooling, source: &[usize], result: &[usize], mut visit: impl FnMut(usize, &[usize])) {
    let &[batch, channels, height, width] = source else { unreachable!("images have rank 4") };
    let &[_, _, out_height, out_width] = result else { unreachable!("images have rank 4") };
    let mut inside = Vec::new();
    for image in 0..batch * channels {
        for oy in 0..out_height {
            for ox in 0..out_width {
                inside.clear();
                for (_, y) in elements(&pooling.window, 0, oy, pooling.kernel[0], height) {
                    for (_, x) in elements(&pooling.window, 1, ox, pooling.kernel[1], width) {
                        inside.push((image * height + y) * width + x);
                    }
                }
                visit((image * out_height + oy) * out_width + ox, &inside);
            }
        }
    }
}

/// The place of the first greatest of some elements; `None` if there are none.
fn greatest(source: &Tensor, elements: &[usize]) -> Option<usize> {
    elements.iter().copied().reduce(|best, i| {
        let better = match &source.values {
            Values::Floats(values) => {
                !values[best].is_nan() && (values[i].is_nan() || values[i] > values[best])
            }
            Values::Integers(values) => values[i] > values[best],
        };
        if better { i } else { best }
    })
}

/// The values (or else the source's own elements) where each window's greatest element is.
pub(super) fn max_pool_select(
    pooling: &Pooling,
    source: &Tensor,
    values: Option<&Tensor>,
    shape: Vec<usize>,
) -> Tensor {
    let mut places = vec![None; shape.iter().product()];
    windows(pooling, &source.shape, &shape, |result, elements| places[result] = greatest(source, elements));
    match values {
        Some(values) => values.picked(shape, places.into_iter(), Scalar::from_i64(values.data_type, 0)),
        None => source.picked(shape, places.into_iter(), least(source.data_type)),
    }
}

fn least(data_type: TensorDataType) -> Scalar {
    match data_type {
        TensorDataType::Int32 => Scalar::from_i64(data_type, i32::MIN.into()),
        TensorDataType::Int64 => Scalar::from_i64(data_type, i64::MIN),
        TensorDataType::UInt8 | TensorDataType::Bool => Scalar::from_i64(data_type, 0),
        _ => Scalar::from_f64(data_type, f64::NEG_INFINITY),
    }
}

pub(super) fn max_pool_gradient(
    pooling: &Pooling,
    gradient: &Tensor,
    source: &Tensor,
    precision: Precision,
) -> Tensor {
    let data_type = source.data_type;
    let mut sums = vec![0.0; source.len()];
    let mut whole = vec![0i64; source.len()];
    windows(pooling, &source.shape, &gradient.shape, |result, elements| {
        let Some(place) = greatest(source, elements) else { return };
        match &gradient.values {
            Values::Floats(values) => sums[place] += values[result],
            Values::Integers(values) => whole[place] = whole[place].wrapping_add(values[result]),
        }
    });
    let values = match gradient.values {
        Values::Floats(_) => {
            Values::Floats(sums.into_iter().map(|v| precision.round(data_type, v)).collect())
        }
        Values::Integers(_) => Values::Integers(whole.into_iter().map(|v| wrap(data_type, v)).collect()),
    };
    Tensor { data_type, shape: source.shape.clone(), values }
}

/// What each window's sum is divided by.
fn divisor(pooling: &Pooling, count_padding: bool, elements: &[usize]) -> f64 {
    if count_padding {
        return pooling.kernel[0] as f64 * pooling.kernel[1] as f64;
    }
    elements.len().max(1) as f64
}

pub(super) fn avg_pool(pooling: &Pooling, count_padding: bool, source: &Tensor, shape: &[usize]) -> Vec<f64> {
    let mut result = vec![0.0; shape.iter().product()];
    let values = source.floats();
    windows(pooling, &source.shape, shape, |place, elements| {
        let sum: f64 = elements.iter().map(|&i| values[i]).sum();
        result[place] = sum / divisor(pooling, count_padding, elements);
    });
    result
}

pub(super) fn avg_pool_gradient(
    pooling: &Pooling,
    count_padding: bool,
    gradient: &Tensor,
    shape: &[usize],
) -> Vec<f64> {
    let mut result = vec![0.0; shape.iter().product()];
    let values = gradient.floats();
    windows(pooling, shape, &gradient.shape, |place, elements| {
        for &i in elements {
            result[i] += values[place] / divisor(pooling, count_padding, elements);
        }
    });
    result
}
