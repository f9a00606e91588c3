//! Planes of a tensor with what surrounds them, laid out so that a convolution of stride 1 reads them at one distance
//! for each element of its kernel.
//!
//! A copied plane has, for each row of the result, as many elements as the result's row and its surroundings. The element
//! of the kernel at `(ky, kx)` then sees, of all elements of the result together, one run of successive elements:
//! those of the result lie in a row that is as long, with a few at its end that mean nothing.

use std::ops::Range;

use super::registers::Registers;
use crate::backend::routine::Conv2d;

/// How planes are read. Pairs are `[along height, along width]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Planes {
    /// The planes in the tensor.
    pub(super) source: [usize; 2],
    /// The planes of the result.
    pub(super) result: [usize; 2],
    pub(super) kernel: [usize; 2],
    pub(super) dilations: [usize; 2],
    /// How far the first element that is read lies before the source; within it if negative.
    pub(super) before: [isize; 2],
}

/// The most that rows may be longer than the result's, as a ratio: what is more is computed in vain.
const WASTE: f64 = 1.5;

impl Planes {
    /// How the planes of a convolution's source are read, if it is better so than by patches.
    pub(super) fn of_source(sizes: &Conv2d) -> Option<Self> {
        Self::new(sizes, sizes.source, sizes.result, sizes.padding.map(|before| before as isize))
    }

    /// How the planes of its result's gradient are read for the gradient by the source, if it is better so.
    pub(super) fn of_gradient(sizes: &Conv2d) -> Option<Self> {
        let before = |axis: usize| {
            ((sizes.kernel[axis] - 1) * sizes.dilations[axis]) as isize - sizes.padding[axis] as isize
        };
        Self::new(sizes, sizes.result, sizes.source, [before(0), before(1)])
    }

    fn new(sizes: &Conv2d, source: [usize; 2], result: [usize; 2], before: [isize; 2]) -> Option<Self> {
        let planes = Self { source, result, kernel: sizes.kernel, dilations: sizes.dilations, before };
        let is_wasteful = planes.width() as f64 > WASTE * result[1] as f64;
        let fits = sizes.strides == [1, 1] && !sizes.is_pointwise() && !is_wasteful;
        // Without vectors, there is nothing to gain.
        (fits && Registers::new().lanes > 1).then_some(planes)
    }

    /// Elements of a row of a copied plane.
    pub(super) fn width(&self) -> usize {
        self.result[1] + self.halo()[1]
    }

    /// Rows and columns that a copied plane has more than the result.
    pub(super) fn halo(&self) -> [usize; 2] {
        [0, 1].map(|axis| (self.kernel[axis] - 1) * self.dilations[axis])
    }

    /// Elements of a copied plane for so many rows of the result.
    pub(super) fn area(&self, rows: usize) -> usize {
        (rows + self.halo()[0]) * self.width()
    }

    /// Elements from the first to the last one of so many rows of the result.
    pub(super) fn span(&self, rows: usize) -> usize {
        rows * self.width() - self.halo()[1]
    }

    /// The distance of what the element of the kernel sees.
    pub(super) fn distance(&self, [ky, kx]: [usize; 2]) -> usize {
        ky * self.dilations[0] * self.width() + kx * self.dilations[1]
    }

    /// Copies what some rows of the result see of a plane. Outside of the source it is 0.
    ///
    /// # Safety
    ///
    /// `from` points to a plane of the source.
    pub(super) unsafe fn copy(&self, from: *const f32, rows: &Range<usize>, to: &mut [f32]) {
        debug_assert_eq!(to.len(), self.area(rows.len()));
        let [height, width] = self.source;
        let left = (self.before[1].max(0) as usize).min(self.width());
        let skipped = (-self.before[1]).max(0) as usize;
        let inside = (self.width() - left).min(width.saturating_sub(skipped));
        for (row, to) in (rows.start..).zip(to.chunks_exact_mut(self.width())) {
            let y = row as isize - self.before[0];
            if (0..height as isize).contains(&y) && inside > 0 {
                // SAFETY: the row lies within the plane, and the elements within the row.
                let from =
                    unsafe { std::slice::from_raw_parts(from.add(y as usize * width + skipped), inside) };
                to[..left].fill(0.0);
                to[left..left + inside].copy_from_slice(from);
                to[left + inside..].fill(0.0);
            } else {
                to.fill(0.0);
            }
        }
    }
}
