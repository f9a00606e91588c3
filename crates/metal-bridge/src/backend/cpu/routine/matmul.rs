//! Matrix products: a unit is a tile of one result.

use super::epilogue::{Bias, finish};
use super::gemm::{View, densely, multiply, room};
use crate::backend::routine::{Epilogue, MatMul, Matrices};

/// Rows and columns of a tile. Packing a tile's columns is repeated for each tile below, and that of its rows for each beside
/// it, so tiles are large.
const LARGE: [usize; 2] = [512, 128];
/// Of fewer large tiles than these, the last one keeps a thread waiting for too long: then they are small.
const MANY: usize = 16;
const SMALL: [usize; 2] = [256, 64];
/// Rows of the right matrix that are laid out anew at a time: with a tile's columns, as much as the second-level
/// cache likes.
const DEPTH: usize = 512;

/// The numbers of tiles above and beside each other.
fn tiles(sizes: &MatMul) -> [usize; 2] {
    let of = |[rows, columns]: [usize; 2]| [sizes.rows.div_ceil(rows), sizes.columns.div_ceil(columns)];
    let [down, across] = of(LARGE);
    if sizes.products() * down * across >= MANY { [down, across] } else { of(SMALL) }
}

/// Tiles that suffice for all threads.
const ENOUGH: usize = 8;
/// The least depth of a part.
const SHALLOW: usize = 1024;

/// How many parts the depth is cut into, each of which makes a partial sum: more than one if there are few tiles.
pub(super) fn parts(sizes: &MatMul) -> usize {
    let [down, across] = tiles(sizes);
    let tiles = sizes.products() * down * across;
    if tiles >= ENOUGH { 1 } else { (sizes.depth / SHALLOW).clamp(1, 2 * ENOUGH / tiles) }
}

/// Elements of the partial sums, if there are any.
pub(super) fn partial_sums(sizes: &MatMul) -> usize {
    match parts(sizes) {
        1 => 0,
        parts => parts * sizes.products() * sizes.rows * sizes.columns,
    }
}

pub(super) fn units(sizes: &MatMul) -> usize {
    let [down, across] = tiles(sizes);
    parts(sizes) * sizes.products() * down * across
}

/// Elements of the result in a unit that adds up partial sums.
const SUMMED: usize = 4096;

pub(super) fn sum_units(sizes: &MatMul) -> usize {
    (sizes.products() * sizes.rows * sizes.columns).div_ceil(SUMMED)
}

/// Adds up the partial sums of a unit of the result.
///
/// # Safety
///
/// The pointers are to the partial sums, the bias and the result; nobody else accesses this unit of the result.
pub(super) unsafe fn sum(
    sizes: &MatMul,
    unit: usize,
    partial: *const f32,
    bias: *const f32,
    result: *mut f32,
) {
    let elements = sizes.products() * sizes.rows * sizes.columns;
    for element in unit * SUMMED..elements.min((unit + 1) * SUMMED) {
        let mut total = 0.0;
        // SAFETY: everything lies within the memory, by the promise of this function.
        unsafe {
            for part in 0..parts(sizes) {
                total += *partial.add(part * elements + element);
            }
            *result.add(element) = total;
            if sizes.epilogue != Epilogue::default() {
                let view = View { at: result.add(element), row: 1, column: 1 };
                finish(view, [1, 1], bias_at(sizes, bias, element % sizes.columns), sizes.epilogue);
            }
        }
    }
}

/// The bias of the columns from one on.
///
/// # Safety
///
/// The pointer is to a bias of as many columns, if there is one.
unsafe fn bias_at(sizes: &MatMul, bias: *const f32, column: usize) -> Bias {
    // SAFETY: by the promise of this function.
    if sizes.epilogue.bias { Bias::ByColumn(unsafe { bias.add(column) }) } else { Bias::None }
}

/// Where the matrix of a product begins.
fn offset(sizes: &MatMul, matrices: &Matrices, product: usize) -> usize {
    let mut rest = product;
    let mut offset = matrices.offset;
    for (&size, &stride) in sizes.batch.iter().zip(&matrices.batch).rev() {
        offset += rest % size * stride;
        rest /= size;
    }
    offset
}

/// Writes a tile of the result, or of one of the partial sums, which follow each other and lie as the result does.
///
/// # Safety
///
/// `a`, `b`, the bias if there is one, and `result` point to tensors of these sizes; nobody else accesses this unit of the result.
pub(super) unsafe fn unit(
    sizes: &MatMul,
    unit: usize,
    [a, b, bias]: [*const f32; 3],
    result: *mut f32,
    panel: &mut Vec<f32>,
) {
    let [down, across] = tiles(sizes);
    let (place, tile) = (unit / (down * across), unit % (down * across));
    let (slice, product) = (place / sizes.products(), place % sizes.products());
    let (first, whole) = part(sizes.depth, parts(sizes), slice);
    let (row, rows) = part(sizes.rows, down, tile / across);
    let (column, columns) = part(sizes.columns, across, tile % across);
    let a_at = offset(sizes, &sizes.a, product) + row * sizes.a.row + first * sizes.a.column;
    let b_at = offset(sizes, &sizes.b, product) + column * sizes.b.column + first * sizes.b.row;
    let result_at = (place * sizes.rows + row) * sizes.columns + column;
    // SAFETY: the tile lies within the matrices, by the promise of this function.
    unsafe {
        let a = View { at: a.add(a_at), row: sizes.a.row, column: sizes.a.column };
        let b = View { at: b.add(b_at), row: sizes.b.row, column: sizes.b.column };
        let result = View { at: result.add(result_at), row: sizes.columns, column: 1 };
        if b.column == 1 || columns == 1 {
            multiply([rows, columns, whole], a, b, result, false);
        } else {
            lay_out_and_multiply([rows, columns, whole], a, b, result, panel);
        }
        // Partial sums are finished when they have been added up.
        if parts(sizes) == 1 {
            finish(result, [rows, columns], bias_at(sizes, bias, column), sizes.epilogue);
        }
    }
}

/// As [`multiply`], with a right matrix whose rows do not lie densely.
///
/// # Safety
///
/// As [`multiply`].
unsafe fn lay_out_and_multiply(
    [rows, columns, whole]: [usize; 3],
    a: View<*const f32>,
    b: View<*const f32>,
    result: View<*mut f32>,
    panel: &mut Vec<f32>,
) {
    // SAFETY: by the promise of this function.
    unsafe {
        // Elements beside each other go into one register, so they are laid there first.
        for start in (0..whole).step_by(DEPTH) {
            let depth = DEPTH.min(whole - start);
            let panel = room(panel, depth * columns);
            densely(View { at: b.at.add(start * b.row), ..b }, columns, panel);
            let a = View { at: a.at.add(start * a.column), ..a };
            let b = View { at: panel.as_ptr(), row: columns, column: 1 };
            multiply([rows, columns, depth], a, b, result, start > 0);
        }
    }
}

/// A product with a right matrix that never changes and lies along its columns: it is laid out anew once, not by each tile of
/// each execution.
#[derive(Clone, Debug)]
pub(super) struct Dense {
    /// How the matrix lies.
    b: Matrices,
    /// The product with the laid out one.
    sizes: MatMul,
}

impl Dense {
    /// The product, if it is one of these.
    pub(super) fn of(sizes: &MatMul) -> Option<Self> {
        let dense = Matrices { offset: 0, batch: vec![0; sizes.batch.len()], row: sizes.columns, column: 1 };
        let is_one = sizes.products() == 1 && sizes.b.column != 1 && sizes.columns > 1;
        let dense = Self { b: sizes.b.clone(), sizes: MatMul { b: dense, ..sizes.clone() } };
        // The matrix takes the place of partial sums.
        (is_one && parts(sizes) == 1).then_some(dense)
    }

    /// The product with the laid out matrix.
    pub(super) fn sizes(&self) -> &MatMul {
        &self.sizes
    }

    /// Elements of the matrix.
    pub(super) fn elements(&self) -> usize {
        self.sizes.depth * self.sizes.columns
    }

    pub(super) fn lay_out_units(&self) -> usize {
        self.sizes.depth.div_ceil(DEPTH)
    }

    /// Lays some rows of the matrix out.
    ///
    /// # Safety
    ///
    /// The pointers are to the matrix and to memory for the laid out one; nobody else accesses this unit of that.
    pub(super) unsafe fn lay_out(&self, unit: usize, matrix: *const f32, to: *mut f32) {
        let MatMul { depth, columns, .. } = self.sizes;
        let first = unit * DEPTH;
        let rows = DEPTH.min(depth - first);
        // SAFETY: the rows lie within the matrices, by the promise of this function.
        unsafe {
            let at = matrix.add(self.b.offset + first * self.b.row);
            let to = std::slice::from_raw_parts_mut(to.add(first * columns), rows * columns);
            densely(View { at, row: self.b.row, column: self.b.column }, columns, to);
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
