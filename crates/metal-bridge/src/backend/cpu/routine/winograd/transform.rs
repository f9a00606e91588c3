//! The transforms of tiles, on vectors: elements of many channels at a time. The points are 0, 1, −1 and infinity.
//!
//! All is loops over arrays that are there: calls with vectors as arguments have to be inlined, which those of closures
//! given to an array's methods are not.

use pulp::Simd;

use super::super::registers::{load, store};

type Matrix<S, const R: usize, const C: usize> = [[<S as Simd>::f32s; C]; R];

/// The vectors at `from + row × down + column × across`.
///
/// # Safety
///
/// They can be read.
#[inline(always)]
pub(super) unsafe fn load_all<S: Simd, const R: usize, const C: usize>(
    simd: S,
    from: *const f32,
    [down, across]: [usize; 2],
) -> Matrix<S, R, C> {
    let mut matrix = [[simd.splat_f32s(0.0); C]; R];
    for (row, vectors) in matrix.iter_mut().enumerate() {
        for (column, vector) in vectors.iter_mut().enumerate() {
            // SAFETY: by the promise of this function.
            *vector = unsafe { load(simd, from.add(row * down + column * across)) };
        }
    }
    matrix
}

/// Writes the vectors to `to + row × down + column × across`.
///
/// # Safety
///
/// They can be written.
#[inline(always)]
pub(super) unsafe fn store_all<S: Simd, const R: usize, const C: usize>(
    simd: S,
    matrix: Matrix<S, R, C>,
    to: *mut f32,
    [down, across]: [usize; 2],
) {
    for (row, vectors) in matrix.into_iter().enumerate() {
        for (column, vector) in vectors.into_iter().enumerate() {
            // SAFETY: by the promise of this function.
            unsafe { store(simd, vector, to.add(row * down + column * across)) };
        }
    }
}

/// A transform of columns.
trait Transform<S: Simd, const FROM: usize, const TO: usize> {
    fn apply(self, simd: S, column: [S::f32s; FROM]) -> [S::f32s; TO];
}

/// Applies a transform to the columns of a matrix and then to its rows.
#[inline(always)]
fn both<S: Simd, const FROM: usize, const TO: usize>(
    simd: S,
    transform: impl Transform<S, FROM, TO> + Copy,
    matrix: Matrix<S, FROM, FROM>,
) -> Matrix<S, TO, TO> {
    let zero = simd.splat_f32s(0.0);
    let mut half = [[zero; FROM]; TO];
    for column in 0..FROM {
        let mut from = [zero; FROM];
        for (from, row) in from.iter_mut().zip(&matrix) {
            *from = row[column];
        }
        for (row, to) in half.iter_mut().zip(transform.apply(simd, from)) {
            row[column] = to;
        }
    }
    let mut whole = [[zero; TO]; TO];
    for (whole, half) in whole.iter_mut().zip(half) {
        *whole = transform.apply(simd, half);
    }
    whole
}

#[derive(Clone, Copy)]
struct Source;

impl<S: Simd> Transform<S, 4, 4> for Source {
    #[inline(always)]
    fn apply(self, simd: S, [a, b, c, d]: [S::f32s; 4]) -> [S::f32s; 4] {
        [simd.sub_f32s(a, c), simd.add_f32s(b, c), simd.sub_f32s(c, b), simd.sub_f32s(b, d)]
    }
}

#[derive(Clone, Copy)]
struct Weights;

impl<S: Simd> Transform<S, 3, 4> for Weights {
    #[inline(always)]
    fn apply(self, simd: S, [a, b, c]: [S::f32s; 3]) -> [S::f32s; 4] {
        let half = simd.splat_f32s(0.5);
        let (outer, b) = (simd.mul_f32s(half, simd.add_f32s(a, c)), simd.mul_f32s(half, b));
        [a, simd.add_f32s(outer, b), simd.sub_f32s(outer, b), c]
    }
}

#[derive(Clone, Copy)]
struct Result;

impl<S: Simd> Transform<S, 4, 2> for Result {
    #[inline(always)]
    fn apply(self, simd: S, [a, b, c, d]: [S::f32s; 4]) -> [S::f32s; 2] {
        let (sum, difference) = (simd.add_f32s(b, c), simd.sub_f32s(b, c));
        [simd.add_f32s(a, sum), simd.sub_f32s(difference, d)]
    }
}

#[derive(Clone, Copy)]
struct Gradient;

impl<S: Simd> Transform<S, 2, 4> for Gradient {
    #[inline(always)]
    fn apply(self, simd: S, [a, b]: [S::f32s; 2]) -> [S::f32s; 4] {
        [a, simd.add_f32s(a, b), simd.sub_f32s(a, b), b]
    }
}

#[derive(Clone, Copy)]
struct WeightsGradient;

impl<S: Simd> Transform<S, 4, 3> for WeightsGradient {
    #[inline(always)]
    fn apply(self, simd: S, [a, b, c, d]: [S::f32s; 4]) -> [S::f32s; 3] {
        let half = simd.splat_f32s(0.5);
        let sum = simd.mul_f32s(half, simd.add_f32s(b, c));
        [simd.add_f32s(a, sum), simd.mul_f32s(half, simd.sub_f32s(b, c)), simd.sub_f32s(sum, d)]
    }
}

/// 4 × 4 elements of the source to components.
#[inline(always)]
pub(super) fn source<S: Simd>(simd: S, tile: Matrix<S, 4, 4>) -> Matrix<S, 4, 4> {
    both(simd, Source, tile)
}

/// 3 × 3 weights to components.
#[inline(always)]
pub(super) fn weights<S: Simd>(simd: S, tile: Matrix<S, 3, 3>) -> Matrix<S, 4, 4> {
    both(simd, Weights, tile)
}

/// Components to 2 × 2 elements of the result.
#[inline(always)]
pub(super) fn result<S: Simd>(simd: S, components: Matrix<S, 4, 4>) -> Matrix<S, 2, 2> {
    both(simd, Result, components)
}

/// 2 × 2 elements of the result's gradient to components, of which [`weights_gradient`] halves the inner ones.
#[inline(always)]
pub(super) fn gradient<S: Simd>(simd: S, tile: Matrix<S, 2, 2>) -> Matrix<S, 4, 4> {
    both(simd, Gradient, tile)
}

/// Components to 3 × 3 elements of the gradient by the weights.
#[inline(always)]
pub(super) fn weights_gradient<S: Simd>(simd: S, components: Matrix<S, 4, 4>) -> Matrix<S, 3, 3> {
    both(simd, WeightsGradient, components)
}
