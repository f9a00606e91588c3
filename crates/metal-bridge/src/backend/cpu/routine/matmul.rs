//! Matrix products: a unit is a tile of one result.

use super::gemm::{View, multiply};
use crate::backend::routine::{MatMul, Matrices};

/// Packing a tile's columns is repeated for each tile below, so tiles are high; and they are not larger so that
/// there are enough of them.
const ROWS: usize = 512;
const COLUMNS: usize = 128;

/// The numbers of tiles above and beside each other.
fn tiles(sizes: &MatMul) -> [usize; 2] {
    [sizes.rows.div_ceil(ROWS), sizes.columns.div_ceil(COLUMNS)]
}

pub(super) fn units(sizes: &MatMul) -> usize {
    let [down, across] = tiles(sizes);
    sizes.products() * down * across
}

/// # Safety
///
/// `a`, `b` and `result` point to tensors of these sizes; nobody else accesses this unit of the result.
pub(super) unsafe fn unit(sizes: &MatMul, unit: usize, a: *const f32, b: *const f32, result: *mut f32) {
    let [down, across] = tiles(sizes);
    let (product, tile) = (unit / (down * across), unit % (down * across));
    let (row, rows) = part(sizes.rows, down, tile / across);
    let (column, columns) = part(sizes.columns, across, tile % across);
    let from = |matrices: &Matrices| {
        let mut rest = product;
        let mut offset = matrices.offset;
        for (&size, &stride) in sizes.batch.iter().zip(&matrices.batch).rev() {
            offset += rest % size * stride;
            rest /= size;
        }
        offset
    };
    let a_at = from(&sizes.a) + row * sizes.a.row;
    let b_at = from(&sizes.b) + column * sizes.b.column;
    let result_at = (product * sizes.rows + row) * sizes.columns + column;
    // SAFETY: the tile lies within the matrices, by the promise of this function.
    unsafe {
        multiply(
            [rows, columns, sizes.depth],
            View { at: a.add(a_at), row: sizes.a.row, column: sizes.a.column },
            View { at: b.add(b_at), row: sizes.b.row, column: sizes.b.column },
            View { at: result.add(result_at), row: sizes.columns, column: 1 },
            false,
        );
    }
}

/// The start and size of one of so many parts of a size, which differ by one granule at most.
fn part(size: usize, parts: usize, part: usize) -> (usize, usize) {
    /// Elements of the widest registers.
    const GRANULE: usize = 16;
    let granules = size.div_ceil(GRANULE);
    let start = |part: usize| (granules * part / parts * GRANULE).min(size);
    (start(part), start(part + 1) - start(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_the_whole() {
        for size in [1usize, 15, 16, 17, 100, 513, 1000] {
            for parts in 1..=size.div_ceil(16) {
                let mut end = 0;
                for i in 0..parts {
                    let (start, length) = part(size, parts, i);
                    assert_eq!(start, end);
                    assert!(length > 0);
                    end = start + length;
                }
                assert_eq!(end, size);
            }
        }
    }
}
