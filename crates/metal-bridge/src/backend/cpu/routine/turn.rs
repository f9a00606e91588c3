//! Small matrices turned in registers.

/// Elements along each side of what is turned.
pub(super) const SIDE: usize = 8;

/// Writes the columns of [`SIDE`] rows of as many elements.
///
/// # Safety
///
/// The rows can be read, and the columns written; no column is written to a row that has not been read, or by another thread.
#[inline(always)]
pub(super) unsafe fn turn(rows: [*const f32; SIDE], columns: [*mut f32; SIDE]) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx") {
        // SAFETY: by the promise of this function; the processor has these instructions.
        return unsafe { x86::turn(rows, columns) };
    }
    let mut block = [[0.0f32; SIDE]; SIDE];
    // SAFETY: by the promise of this function.
    unsafe {
        for (run, row) in block.iter_mut().zip(rows) {
            *run = row.cast::<[f32; SIDE]>().read();
        }
        for (i, column) in columns.into_iter().enumerate() {
            for (j, run) in block.iter().enumerate() {
                *column.add(j) = run[i];
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m256, _mm_loadu_ps, _mm256_castps128_ps256, _mm256_insertf128_ps, _mm256_shuffle_ps,
        _mm256_storeu_ps, _mm256_unpackhi_ps, _mm256_unpacklo_ps,
    };

    use super::SIDE;

    /// As [`turn`](super::turn).
    ///
    /// # Safety
    ///
    /// As for that.
    #[target_feature(enable = "avx")]
    #[inline]
    pub(super) unsafe fn turn(rows: [*const f32; SIDE], columns: [*mut f32; SIDE]) {
        // SAFETY: by the promise of this function.
        unsafe {
            let [left, right] = [half(rows, 0), half(rows, 4)];
            for (vector, column) in left.into_iter().chain(right).zip(columns) {
                _mm256_storeu_ps(column, vector);
            }
        }
    }

    /// Four columns from one on.
    ///
    /// # Safety
    ///
    /// As for [`turn`](super::turn).
    #[target_feature(enable = "avx")]
    #[inline]
    unsafe fn half(rows: [*const f32; SIDE], first: usize) -> [__m256; 4] {
        // Four elements of a row and of that four rows below.
        // SAFETY: by the promise of this function.
        let pair = |row: usize| unsafe {
            let [upper, lower] = [row, row + 4].map(|row| _mm_loadu_ps(rows[row].add(first)));
            _mm256_insertf128_ps::<1>(_mm256_castps128_ps256(upper), lower)
        };
        let (a, b, c, d) = (pair(0), pair(1), pair(2), pair(3));
        let (ab, cd) = (_mm256_unpacklo_ps(a, b), _mm256_unpacklo_ps(c, d));
        let (ab_high, cd_high) = (_mm256_unpackhi_ps(a, b), _mm256_unpackhi_ps(c, d));
        [
            _mm256_shuffle_ps::<0x44>(ab, cd),
            _mm256_shuffle_ps::<0xee>(ab, cd),
            _mm256_shuffle_ps::<0x44>(ab_high, cd_high),
            _mm256_shuffle_ps::<0xee>(ab_high, cd_high),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_columns() {
        let from: Vec<f32> = (0..SIDE * SIDE).map(|i| i as f32).collect();
        let mut to = vec![0.0; SIDE * SIDE];
        let rows = std::array::from_fn(|i| from[i * SIDE..].as_ptr());
        let columns = std::array::from_fn(|i| to[i * SIDE..].as_mut_ptr());
        // SAFETY: all of them have as many elements.
        unsafe { turn(rows, columns) };
        for (i, element) in to.into_iter().enumerate() {
            assert_eq!(element, from[i % SIDE * SIDE + i / SIDE]);
        }
    }
}
