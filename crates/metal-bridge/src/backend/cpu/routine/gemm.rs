//! The product of two matrices in one thread.

/// A matrix in memory: the address of its first element, and the distances of elements below and beside each
/// other.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<P> {
    pub(super) at: P,
    pub(super) row: usize,
    pub(super) column: usize,
}

/// Bytes at a multiple of which the panel begins: lines of caches, and the longest vectors.
const ALIGNMENT: usize = 64;

/// The panel as a slice of so many elements, whatever they are.
pub(super) fn room(panel: &mut Vec<f32>, elements: usize) -> &mut [f32] {
    let more = ALIGNMENT / size_of::<f32>();
    if panel.len() < elements + more {
        panel.resize(elements + more, 0.0);
    }
    let start = panel.as_ptr().align_offset(ALIGNMENT).min(more);
    &mut panel[start..start + elements]
}

impl<P> View<P> {
    fn transposed(self) -> Self {
        Self { at: self.at, row: self.column, column: self.row }
    }
}

/// `result = a × b`, or `result += a × b`, with `rows × depth` times `depth × columns`. Each element is summed up
/// in an order that depends on the sizes alone.
///
/// # Safety
///
/// All elements of the views can be read, and those of the result written; no other thread accesses the
/// result, which does not overlap the factors and has each element at an address of its own.
pub(super) unsafe fn multiply(
    [rows, columns, depth]: [usize; 3],
    a: View<*const f32>,
    b: View<*const f32>,
    result: View<*mut f32>,
    add: bool,
) {
    // What lies side by side in the result must be what goes into one register there: the rows of the left matrix.
    // So the product of the transposed matrices is computed where rows of the result lie densely.
    if result.column < result.row {
        // SAFETY: the same elements are accessed.
        unsafe {
            columnwise([columns, rows, depth], b.transposed(), a.transposed(), result.transposed(), add);
        }
    } else {
        // SAFETY: by the promise of this function.
        unsafe { columnwise([rows, columns, depth], a, b, result, add) };
    }
}

/// As [`multiply`], fast where the columns of the result lie densely.
///
/// # Safety
///
/// As [`multiply`].
unsafe fn columnwise(
    [rows, columns, depth]: [usize; 3],
    a: View<*const f32>,
    b: View<*const f32>,
    result: View<*mut f32>,
    add: bool,
) {
    let no_conjugate = false;
    let gemm = gemm_f32::gemm::f32::get_gemm_fn();
    // SAFETY: the promises of this function are those that are asked for. Strides of tensors fit `isize`.
    unsafe {
        gemm(
            rows,
            columns,
            depth,
            result.at,
            result.column as isize,
            result.row as isize,
            add,
            a.at,
            a.column as isize,
            a.row as isize,
            b.at,
            b.column as isize,
            b.row as isize,
            1.0,
            1.0,
            no_conjugate,
            no_conjugate,
            no_conjugate,
            gemm_common::Parallelism::None,
        );
    }
}

/// Copies a matrix of so many columns, so that its rows lie densely, one after the other: as many as there is room
/// for. Fast if its columns lie densely, which is when `multiply` is slow with it.
///
/// # Safety
///
/// The elements of the view can be read.
pub(super) unsafe fn densely(from: View<*const f32>, columns: usize, to: &mut [f32]) {
    /// Elements along each side of what is turned in registers.
    const SIDE: usize = 8;
    let rows = to.len() / columns;
    // SAFETY: every element that is read is within the view.
    let element = |row: usize, column: usize| unsafe { *from.at.add(row * from.row + column * from.column) };
    for row in (0..rows).step_by(SIDE) {
        for column in (0..columns).step_by(SIDE) {
            if from.row == 1 && row + SIDE <= rows && column + SIDE <= columns {
                let mut block = [[0.0f32; SIDE]; SIDE];
                for (x, run) in block.iter_mut().enumerate() {
                    // SAFETY: as above: these are elements below each other.
                    *run =
                        unsafe { from.at.add(row + (column + x) * from.column).cast::<[f32; SIDE]>().read() };
                }
                for y in 0..SIDE {
                    let run = &mut to[(row + y) * columns + column..][..SIDE];
                    for (x, element) in run.iter_mut().enumerate() {
                        *element = block[x][y];
                    }
                }
            } else {
                for y in row..rows.min(row + SIDE) {
                    for x in column..columns.min(column + SIDE) {
                        to[y * columns + x] = element(y, x);
                    }
                }
            }
        }
    }
}
