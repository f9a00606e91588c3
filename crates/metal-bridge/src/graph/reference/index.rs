//! Operations with indices.

use super::super::data_type::Scalar;
use super::tensor::{Precision, Tensor, Values, wrap};

/// Where in `x` each selected element lies; `None` for an index that is not within the axis.
fn places(axis: usize, batch: usize, x: &Tensor, indices: &Tensor) -> Vec<Option<usize>> {
    let product = |sizes: &[usize]| sizes.iter().product::<usize>();
    let (batches, outer) = (product(&x.shape[..batch]), product(&x.shape[batch..axis]));
    let (size, inner) = (x.shape[axis], product(&x.shape[axis + 1..]));
    let chosen = product(&indices.shape[batch..]);
    let mut places = Vec::new();
    for b in 0..batches {
        for o in 0..outer {
            for j in 0..chosen {
                let index = usize::try_from(indices.integer(b * chosen + j)).ok().filter(|&i| i < size);
                for i in 0..inner {
                    places.push(index.map(|index| ((b * outer + o) * size + index) * inner + i));
                }
            }
        }
    }
    places
}

pub(super) fn gather(axis: usize, batch: usize, x: &Tensor, indices: &Tensor, shape: Vec<usize>) -> Tensor {
    let places = places(axis, batch, x, indices);
    x.picked(shape, places.into_iter(), Scalar::from_i64(x.data_type, 0))
}

pub(super) fn scatter_add(
    axis: usize,
    batch: usize,
    [x, indices, updates]: [&Tensor; 3],
    precision: Precision,
) -> Tensor {
    let mut result = x.clone();
    for (update, place) in places(axis, batch, x, indices).into_iter().enumerate() {
        let Some(place) = place else { continue };
        match (&mut result.values, &updates.values) {
            (Values::Floats(values), Values::Floats(updates)) => values[place] += updates[update],
            (Values::Integers(values), Values::Integers(updates)) => {
                values[place] = wrap(x.data_type, values[place].wrapping_add(updates[update]));
            }
            _ => unreachable!("operands are of one type"),
        }
    }
    if let Values::Floats(values) = &mut result.values {
        for value in values {
            *value = precision.round(x.data_type, *value);
        }
    }
    result
}
