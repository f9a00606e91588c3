//! Gradients of pooling by the maximum, a window at a time: a unit is some planes.

use crate::backend::routine::MaxPool2d;

/// Elements of the source in a unit.
const UNIT: usize = 16 << 10;

/// Planes in a unit.
fn planes(sizes: &MaxPool2d) -> usize {
    UNIT.div_ceil(sizes.source_area()).min(sizes.planes)
}

pub(super) fn units(sizes: &MaxPool2d) -> usize {
    sizes.planes.div_ceil(planes(sizes))
}

/// Takes one more element into a window's greatest one. Of equal ones the first counts; NaN is greater than every number.
#[inline(always)]
fn take(greatest: &mut f32, place: &mut i32, value: f32, own: i32) {
    let is_beyond = (value > *greatest) | (value.is_nan() & !greatest.is_nan()) | (*place < 0);
    (*greatest, *place) = if is_beyond { (value, own) } else { (*greatest, *place) };
}

/// Takes the places from windows whose greatest element is not above 0.
#[inline(always)]
fn mask(values: &[f32], places: &mut [i32]) {
    for (place, value) in places.iter_mut().zip(values) {
        *place = if *value > 0.0 { *place } else { -1 };
    }
}

/// Writes some planes of the result.
///
/// # Safety
///
/// The pointers are to gradient, source and result of these sizes; nobody else accesses this unit of the result.
pub(super) unsafe fn unit(
    sizes: &MaxPool2d,
    unit: usize,
    [gradient, source]: [*const f32; 2],
    result: *mut f32,
) {
    let count = planes(sizes);
    let range = unit * count..sizes.planes.min((unit + 1) * count);
    let (area, windows) = (sizes.source_area(), sizes.result[0] * sizes.result[1]);
    let mut staged = Staged::new(sizes);
    // By window of a row.
    let (mut values, mut places) = (vec![0.0; sizes.result[1]], vec![0; sizes.result[1]]);
    // With the widest registers that there are.
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || {
            for plane in range {
                // SAFETY: the planes lie within the tensors, and this one of the result is the unit's.
                let (gradient, source, result) = unsafe {
                    (
                        std::slice::from_raw_parts(gradient.add(plane * windows), windows),
                        std::slice::from_raw_parts(source.add(plane * area), area),
                        std::slice::from_raw_parts_mut(result.add(plane * area), area),
                    )
                };
                match (sizes.is_tiling(), sizes.kernel[1]) {
                    (true, 2) => tiles::<2>(sizes, gradient, source, result, &mut staged),
                    (true, 3) => tiles::<3>(sizes, gradient, source, result, &mut staged),
                    _ => scattered(sizes, gradient, source, result, &mut values, &mut places),
                }
            }
        },
    );
}

/// A plane whose windows, `W` elements wide, lie side by side, from its first element on.
#[inline(always)]
fn tiles<const W: usize>(
    sizes: &MaxPool2d,
    gradient: &[f32],
    source: &[f32],
    result: &mut [f32],
    staged: &mut Staged,
) {
    let [height, width] = [sizes.kernel[0], sizes.source[1]];
    let [down, across] = sizes.result;
    if across.is_multiple_of(BLOCK) {
        return blocks::<W>(sizes, gradient, source, result);
    }
    let rows = sizes.rows_staged();
    let length = (rows * across).next_multiple_of(BLOCK) * W;
    for first in (0..down).step_by(rows) {
        let rows = first..down.min(first + rows);
        let windows = rows.len() * across;
        // What is copied in short runs is read in long ones only when all has been copied: a processor waits long for what
        // it has just written in pieces.
        for (y, staged) in staged.source.chunks_exact_mut(length).enumerate() {
            for (row, run) in rows.clone().zip(staged.chunks_exact_mut(across * W)) {
                run.copy_from_slice(&source[(row * height + y) * width..][..across * W]);
            }
        }
        staged.gradient[..windows].copy_from_slice(&gradient[first * across..][..windows]);
        for (number, gradient) in staged.gradient.as_chunks::<BLOCK>().0.iter().enumerate() {
            let start = number * BLOCK * W;
            block::<W>(sizes, gradient, &staged.source[start..], &mut staged.result[start..], length);
        }
        for (y, staged) in staged.result.chunks_exact(length).enumerate() {
            for (row, run) in rows.clone().zip(staged.chunks_exact(across * W)) {
                let (to, rest) = result[(row * height + y) * width..][..width].split_at_mut(across * W);
                to.copy_from_slice(run);
                rest.fill(0.0);
            }
        }
    }
    result[down * height * width..].fill(0.0);
}

/// A plane whose rows have a whole number of blocks of windows.
#[inline(always)]
fn blocks<const W: usize>(sizes: &MaxPool2d, gradient: &[f32], source: &[f32], result: &mut [f32]) {
    let [height, width] = [sizes.kernel[0], sizes.source[1]];
    let [down, across] = sizes.result;
    for (number, gradient) in gradient.as_chunks::<BLOCK>().0.iter().enumerate() {
        let (row, column) = (number * BLOCK / across, number * BLOCK % across);
        let start = row * height * width + column * W;
        block::<W>(sizes, gradient, &source[start..], &mut result[start..], width);
    }
    if across * W < width {
        for row in result[..down * height * width].chunks_exact_mut(width) {
            row[across * W..].fill(0.0);
        }
    }
    result[down * height * width..].fill(0.0);
}

/// One block of windows: their rows of elements lie at a distance in both source and result.
#[inline(always)]
fn block<const W: usize>(
    sizes: &MaxPool2d,
    gradient: &[f32; BLOCK],
    source: &[f32],
    result: &mut [f32],
    distance: usize,
) {
    const EXPECT: &str = "a block has as many windows";
    let mut block = Block { values: [0.0; BLOCK], places: [-1; BLOCK] };
    for y in 0..sizes.kernel[0] {
        let from = source[y * distance..][..BLOCK * W].as_chunks::<W>().0;
        block.take(from.try_into().expect(EXPECT), y);
    }
    if sizes.masked {
        mask(&block.values, &mut block.places);
    }
    for y in 0..sizes.kernel[0] {
        let to = result[y * distance..][..BLOCK * W].as_chunks_mut::<W>().0;
        block.give(gradient, to.try_into().expect(EXPECT), y);
    }
}

/// Rows of windows in a form that is worked on in blocks: of each, the windows' first rows of elements, then the second ones, and
/// so on.
struct Staged {
    source: Vec<f32>,
    result: Vec<f32>,
    /// By window.
    gradient: Vec<f32>,
}

impl Staged {
    fn new(sizes: &MaxPool2d) -> Self {
        let windows = (sizes.rows_staged() * sizes.result[1]).next_multiple_of(BLOCK);
        let elements = vec![0.0; windows * sizes.kernel[0] * sizes.kernel[1]];
        Self { source: elements.clone(), result: elements, gradient: vec![0.0; windows] }
    }
}

impl MaxPool2d {
    /// Rows of windows that are staged together: enough for several blocks, if there are as many.
    fn rows_staged(&self) -> usize {
        (16 * BLOCK).div_ceil(self.result[1]).min(self.result[0])
    }
}

/// Windows that are worked on together: a number that the compiler knows makes whole vectors of them.
const BLOCK: usize = 32;

/// The greatest elements of some windows so far, and their places among the windows' elements; negative if there is none.
struct Block {
    values: [f32; BLOCK],
    places: [i32; BLOCK],
}

impl Block {
    /// Takes a row of each window in.
    #[inline(always)]
    fn take<const W: usize>(&mut self, from: &[[f32; W]; BLOCK], y: usize) {
        for ((value, place), window) in self.values.iter_mut().zip(&mut self.places).zip(from) {
            for (x, &element) in window.iter().enumerate() {
                take(value, place, element, (y * W + x) as i32);
            }
        }
    }

    /// Writes a row of each window.
    #[inline(always)]
    fn give<const W: usize>(&self, gradient: &[f32; BLOCK], to: &mut [[f32; W]; BLOCK], y: usize) {
        for ((window, &gradient), &place) in to.iter_mut().zip(gradient).zip(&self.places) {
            for (x, element) in window.iter_mut().enumerate() {
                *element = if place == (y * W + x) as i32 { gradient } else { 0.0 };
            }
        }
    }
}

/// A plane whose windows lie in any way, without an element in two of them.
#[inline(always)]
fn scattered(
    sizes: &MaxPool2d,
    gradient: &[f32],
    source: &[f32],
    result: &mut [f32],
    values: &mut [f32],
    places: &mut [i32],
) {
    let [height, width] = sizes.source;
    let position = |axis: usize, window: usize, element: usize| {
        (window * sizes.strides[axis] + element * sizes.dilations[axis]).checked_sub(sizes.padding[axis])
    };
    let elements = || (0..sizes.kernel[0]).flat_map(|y| (0..sizes.kernel[1]).map(move |x| [y, x]));
    result.fill(0.0);
    for (oy, gradient) in gradient.chunks_exact(sizes.result[1]).enumerate() {
        places.fill(-1);
        for ([ky, kx], number) in elements().zip(0..) {
            let Some(y) = position(0, oy, ky).filter(|&y| y < height) else { continue };
            for (ox, (greatest, place)) in values.iter_mut().zip(&mut *places).enumerate() {
                let Some(x) = position(1, ox, kx).filter(|&x| x < width) else { continue };
                take(greatest, place, source[y * width + x], number);
            }
        }
        if sizes.masked {
            mask(values, places);
        }
        for ([ky, kx], number) in elements().zip(0..) {
            let Some(y) = position(0, oy, ky).filter(|&y| y < height) else { continue };
            for ((ox, place), &gradient) in places.iter().enumerate().zip(gradient) {
                let Some(x) = position(1, ox, kx).filter(|&x| x < width) else { continue };
                result[y * width + x] = if *place == number { gradient } else { 0.0 };
            }
        }
    }
}
