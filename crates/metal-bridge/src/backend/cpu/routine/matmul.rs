//! Matrix products: a unit is a tile of one result.

use super::gemm::{View, multiply, room};
use crate::backend::routine::{MatMul, Matrices};

/// Packing a tile's columns is repeated for each tile below, so tiles are high; and they are not larger so that
/// there are enough of them.
const ROWS: usize = 512;
const COLUMNS: usize = 128;
/// Rows of the right matrix that are laid out anew at a time: with a tile's columns, as much as the second-level
/// cache likes.
const DEPTH: usize = 512;

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
pub(super) unsafe fn unit(
    sizes: &MatMul,
    unit: usize,
    a: *const f32,
    b: *const f32,
    result: *mut f32,
    panel: &mut Vec<f32>,
) {
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
        let a = View { at: a.add(a_at), row: sizes.a.row, column: sizes.a.column };
        let b = View { at: b.add(b_at), row: sizes.b.row, column: sizes.b.column };
        let result = View { at: result.add(result_at), row: sizes.columns, column: 1 };
        if b.column == 1 || columns == 1 {
            multiply([rows, columns, sizes.depth], a, b, result, false);
            return;
        }
        // Elements beside each other go into one register, so they are laid there first.
        for start in (0..sizes.depth).step_by(DEPTH) {
            let depth = DEPTH.min(sizes.depth - start);
            let panel = room(panel, depth * columns);
            transpose(View { at: b.at.add(start * b.row), ..b }, columns, panel);
            let a = View { at: a.at.add(start * a.column), ..a };
            let b = View { at: panel.as_ptr(), row: columns, column: 1 };
            multiply([rows, columns, depth], a, b, result, start > 0);
        }
    }
}

/// Copies a matrix, so that its rows lie densely, one after the other. Goes along columns in short runs: those of
/// the source may be what lies densely.
///
/// # Safety
///
/// The elements of the view can be read, as many rows as the result has of so many columns.
unsafe fn transpose(from: View<*const f32>, columns: usize, to: &mut [f32]) {
    /// Rows and columns that fit the first-level cache from both sides.
    const BLOCK: usize = 16;
    let rows = to.len() / columns;
    for row in (0..rows).step_by(BLOCK) {
        for column in (0..columns).step_by(BLOCK) {
            for y in row..rows.min(row + BLOCK) {
                let run = &mut to[y * columns..][column..columns.min(column + BLOCK)];
                for (x, element) in run.iter_mut().enumerate() {
                    // SAFETY: the element is within the view.
                    *element = unsafe { *from.at.add(y * from.row + (column + x) * from.column) };
                }
            }
        }
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
