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

/// Windows that are worked on together, if rows have fewer.
const TOGETHER: usize = 32;

/// What is kept between a unit's planes.
struct Memory {
    /// The greatest elements so far, by window, ...
    values: Vec<f32>,
    /// ... and their places among the window's; negative if there is none.
    places: Vec<i32>,
    /// One row of each of several rows of windows, one after the other.
    sources: Vec<f32>,
    results: Vec<f32>,
}

impl Memory {
    fn new(sizes: &MaxPool2d) -> Self {
        let windows = sizes.result[1].max(TOGETHER);
        let row = vec![0.0; windows * sizes.kernel[1]];
        Self { values: vec![0.0; windows], places: vec![0; windows], sources: row.clone(), results: row }
    }
}

/// Takes one more element into a window's greatest one. Of equal ones the first counts; NaN is greater than every number.
#[inline(always)]
fn take(greatest: &mut f32, place: &mut i32, value: f32, own: i32) {
    let is_beyond = (value > *greatest) | (value.is_nan() & !greatest.is_nan()) | (*place < 0);
    (*greatest, *place) = if is_beyond { (value, own) } else { (*greatest, *place) };
}

/// Takes the gradient from windows whose greatest element is not above 0, if that is asked for.
#[inline(always)]
fn mask(sizes: &MaxPool2d, greatest: &[f32], places: &mut [i32]) {
    if sizes.masked {
        for (place, greatest) in places.iter_mut().zip(greatest) {
            *place = if *greatest > 0.0 { *place } else { -1 };
        }
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
    let mut memory = Memory::new(sizes);
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
                    (true, 2) => tiles::<2>(sizes, gradient, source, result, &mut memory),
                    (true, 3) => tiles::<3>(sizes, gradient, source, result, &mut memory),
                    _ => scattered(sizes, gradient, source, result, &mut memory),
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
    memory: &mut Memory,
) {
    let height = sizes.kernel[0];
    let [down, across] = sizes.result;
    let width = sizes.source[1];
    let together = (TOGETHER / across).clamp(1, down);
    let Memory { values, places, sources, results } = memory;
    for first in (0..down).step_by(together) {
        let count = together.min(down - first);
        let windows = count * across;
        let (values, places) = (&mut values[..windows], &mut places[..windows]);
        places.fill(-1);
        let gradient = &gradient[first * across..][..windows];
        for y in 0..height {
            let row = |window: usize| ((first + window) * height + y) * width;
            let source = if count == 1 {
                &source[row(0)..][..windows * W]
            } else {
                for (window, to) in sources.chunks_exact_mut(across * W).take(count).enumerate() {
                    to.copy_from_slice(&source[row(window)..][..across * W]);
                }
                &sources[..windows * W]
            };
            for ((greatest, place), window) in
                values.iter_mut().zip(&mut *places).zip(source.as_chunks::<W>().0)
            {
                for (x, &value) in window.iter().enumerate() {
                    take(greatest, place, value, (y * W + x) as i32);
                }
            }
        }
        mask(sizes, values, places);
        for y in 0..height {
            let row = |window: usize| ((first + window) * height + y) * width;
            let to =
                if count == 1 { &mut result[row(0)..][..windows * W] } else { &mut results[..windows * W] };
            let windows = to.as_chunks_mut::<W>().0;
            for ((window, &gradient), place) in windows.iter_mut().zip(gradient).zip(&*places) {
                for (x, element) in window.iter_mut().enumerate() {
                    *element = if *place == (y * W + x) as i32 { gradient } else { 0.0 };
                }
            }
            if count > 1 {
                for (window, from) in results.chunks_exact(across * W).take(count).enumerate() {
                    result[row(window)..][..across * W].copy_from_slice(from);
                }
            }
            for window in 0..count {
                result[row(window) + across * W..row(window) + width].fill(0.0);
            }
        }
    }
    result[down * height * width..].fill(0.0);
}

/// A plane whose windows lie in any way, without an element in two of them.
#[inline(always)]
fn scattered(sizes: &MaxPool2d, gradient: &[f32], source: &[f32], result: &mut [f32], memory: &mut Memory) {
    let values = &mut memory.values[..sizes.result[1]];
    let places = &mut memory.places[..sizes.result[1]];
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
        mask(sizes, values, places);
        for ([ky, kx], number) in elements().zip(0..) {
            let Some(y) = position(0, oy, ky).filter(|&y| y < height) else { continue };
            for ((ox, place), &gradient) in places.iter().enumerate().zip(gradient) {
                let Some(x) = position(1, ox, kx).filter(|&x| x < width) else { continue };
                result[y * width + x] = if *place == number { gradient } else { 0.0 };
            }
        }
    }
}
