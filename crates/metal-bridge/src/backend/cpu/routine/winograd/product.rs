//! Products of small matrices whose rows are whole vectors, in registers.

use pulp::Simd;

use super::super::registers::{load, store};

/// A product of `rows × depth` with `depth × columns` elements.
#[derive(Clone, Copy)]
pub(super) struct Product {
    pub(super) rows: usize,
    /// A multiple of the lanes.
    pub(super) columns: usize,
    pub(super) depth: usize,
    /// The left matrix, and the distances of its rows and columns.
    pub(super) left: *const f32,
    pub(super) left_row: usize,
    pub(super) left_column: usize,
    /// The right matrix, and the distance of its rows.
    pub(super) right: *const f32,
    pub(super) right_row: usize,
    pub(super) result: *mut f32,
    pub(super) result_row: usize,
    /// Whether it is added to what is there.
    pub(super) add: bool,
}

impl Product {
    /// # Safety
    ///
    /// The matrices are there, and nobody else accesses the result.
    #[inline(always)]
    pub(super) unsafe fn compute<S: Simd>(&self, simd: S) {
        let most = if S::REGISTER_COUNT >= 32 { 4 } else { 2 };
        let vectors = self.columns / S::F32_LANES;
        let mut column = 0;
        while column < vectors {
            let count = (vectors - column).min(most);
            // SAFETY: by the promise of this function.
            unsafe {
                match count {
                    1 => self.columns::<S, 1>(simd, column * S::F32_LANES),
                    2 => self.columns::<S, 2>(simd, column * S::F32_LANES),
                    3 => self.columns::<S, 3>(simd, column * S::F32_LANES),
                    _ => self.columns::<S, 4>(simd, column * S::F32_LANES),
                }
            }
            column += count;
        }
    }

    /// # Safety
    ///
    /// As for [`compute`](Self::compute).
    #[inline(always)]
    unsafe fn columns<S: Simd, const V: usize>(&self, simd: S, column: usize) {
        let most = if S::REGISTER_COUNT >= 32 && V < 4 { 8 } else { 6 };
        let blocks = self.rows.div_ceil(most);
        for block in 0..blocks {
            // Blocks of about the same size, since those of few rows are slow.
            let row = self.rows * block / blocks;
            let rows = self.rows * (block + 1) / blocks - row;
            // SAFETY: by the promise of this function.
            unsafe {
                match rows {
                    1 => self.block::<S, 1, V>(simd, row, column),
                    2 => self.block::<S, 2, V>(simd, row, column),
                    3 => self.block::<S, 3, V>(simd, row, column),
                    4 => self.block::<S, 4, V>(simd, row, column),
                    5 => self.block::<S, 5, V>(simd, row, column),
                    6 => self.block::<S, 6, V>(simd, row, column),
                    7 => self.block::<S, 7, V>(simd, row, column),
                    _ => self.block::<S, 8, V>(simd, row, column),
                }
            }
        }
    }

    /// `R` rows of `V` vectors.
    ///
    /// # Safety
    ///
    /// As for [`compute`](Self::compute).
    #[inline(always)]
    unsafe fn block<S: Simd, const R: usize, const V: usize>(&self, simd: S, row: usize, column: usize) {
        // SAFETY: by the promise of this function.
        unsafe {
            let to = self.result.add(row * self.result_row + column);
            let mut left = self.left.add(row * self.left_row);
            let mut right = self.right.add(column);
            let mut sums = [[simd.splat_f32s(0.0); V]; R];
            for _ in 0..self.depth {
                let mut values = [simd.splat_f32s(0.0); V];
                for (v, value) in values.iter_mut().enumerate() {
                    *value = load(simd, right.add(v * S::F32_LANES));
                }
                for (r, sums) in sums.iter_mut().enumerate() {
                    let factor = simd.splat_f32s(*left.add(r * self.left_row));
                    for (sum, value) in sums.iter_mut().zip(values) {
                        *sum = simd.mul_add_e_f32s(factor, value, *sum);
                    }
                }
                left = left.add(self.left_column);
                right = right.add(self.right_row);
            }
            for (r, sums) in sums.into_iter().enumerate() {
                for (v, sum) in sums.into_iter().enumerate() {
                    let to = to.add(r * self.result_row + v * S::F32_LANES);
                    let sum = if self.add { simd.add_f32s(load(simd, to), sum) } else { sum };
                    store(simd, sum, to);
                }
            }
        }
    }
}
