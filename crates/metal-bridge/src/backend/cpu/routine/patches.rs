//! What the elements of a convolution's result see of the source, as the columns of a matrix ("im2col",
//! Chellapilla, Puri, Simard: High Performance Convolutional Neural Networks for Document Processing, 2006).
//!
//! The matrix has a row for each channel and element of the kernel, and a column for each of some successive
//! elements of the result's plane. It has as many columns as the distance of its rows.

use std::ops::Range;

use crate::backend::routine::Conv2d;

/// Bytes of a matrix: with what the product reads beside it, it should stay in the second-level cache.
const BYTES: usize = 384 << 10;

/// How many elements of the result's plane are worked on at a time, where each has `depth` elements of the
/// source.
pub(super) fn columns(sizes: &Conv2d, depth: usize) -> usize {
    let fitting = BYTES / size_of::<f32>() / depth;
    (fitting / 32 * 32).clamp(64, 2048).min(sizes.result_area())
}

/// One run of columns that lie beside each other in the source, as far as they are not padding.
struct Run {
    /// In the row of the matrix.
    column: usize,
    length: usize,
    /// In the plane of the source: the first element, if there is one.
    source: usize,
    /// Columns of padding before and after those of the source.
    before: usize,
    inside: usize,
}

/// Calls `each` for the runs of a row of the matrix, which belongs to an element of the kernel.
fn runs(sizes: &Conv2d, [ky, kx]: [usize; 2], pixels: &Range<usize>, mut each: impl FnMut(&Run)) {
    let [height, width] = sizes.source;
    let across = sizes.result[1];
    let (stride, left) = (sizes.strides[1], sizes.padding[1]);
    let x = kx * sizes.dilations[1];
    // The result's columns for which the source's, `column * stride + x - left`, lies within it.
    let first = left.saturating_sub(x).div_ceil(stride);
    let end = (width + left).saturating_sub(x).div_ceil(stride).min(across);
    let mut pixel = pixels.start;
    while pixel < pixels.end {
        let (row, start) = (pixel / across, pixel % across);
        let stop = across.min(start + (pixels.end - pixel));
        let y = (row * sizes.strides[0] + ky * sizes.dilations[0]).checked_sub(sizes.padding[0]);
        let (from, to) = match y {
            Some(y) if y < height => (first.clamp(start, stop), end.clamp(start, stop)),
            _ => (stop, stop),
        };
        let inside = to.saturating_sub(from);
        let source = match y {
            Some(y) if inside > 0 => y * width + from * stride + x - left,
            _ => 0,
        };
        let before = if inside > 0 { from - start } else { stop - start };
        each(&Run { column: pixel - pixels.start, length: stop - start, source, before, inside });
        pixel += stop - start;
    }
}

/// The channel and the element of the kernel that each row of the matrix belongs to.
fn rows(sizes: &Conv2d, channels: usize) -> impl Iterator<Item = (usize, [usize; 2])> {
    let [height, width] = sizes.kernel;
    (0..channels * height * width).map(move |row| {
        let (channel, element) = (row / (height * width), row % (height * width));
        (channel, [element / width, element % width])
    })
}

/// Writes the matrix of some channels.
///
/// # Safety
///
/// `source` points to as many planes of the source as there are channels.
pub(super) unsafe fn gather(
    sizes: &Conv2d,
    source: *const f32,
    channels: usize,
    pixels: &Range<usize>,
    matrix: &mut [f32],
) {
    let stride = sizes.strides[1];
    for ((channel, element), row) in rows(sizes, channels).zip(matrix.chunks_exact_mut(pixels.len())) {
        // SAFETY: by the promise of this function.
        let plane = unsafe { source.add(channel * sizes.source_area()) };
        runs(sizes, element, pixels, |run| {
            let part = &mut row[run.column..][..run.length];
            let (before, rest) = part.split_at_mut(run.before);
            let (inside, after) = rest.split_at_mut(run.inside);
            before.fill(0.0);
            after.fill(0.0);
            // SAFETY: a run's elements lie within the plane.
            unsafe {
                let from = plane.add(run.source);
                if stride == 1 {
                    std::ptr::copy_nonoverlapping(from, inside.as_mut_ptr(), inside.len());
                } else {
                    for (i, element) in inside.iter_mut().enumerate() {
                        *element = *from.add(i * stride);
                    }
                }
            }
        });
    }
}

/// Adds the matrix of some channels to the elements of the source that [`gather`] would read.
///
/// # Safety
///
/// `source` points to as many planes of the source as there are channels, which nobody else accesses.
pub(super) unsafe fn scatter_add(
    sizes: &Conv2d,
    source: *mut f32,
    channels: usize,
    pixels: &Range<usize>,
    matrix: &[f32],
) {
    let stride = sizes.strides[1];
    for ((channel, element), row) in rows(sizes, channels).zip(matrix.chunks_exact(pixels.len())) {
        // SAFETY: by the promise of this function.
        let plane = unsafe { source.add(channel * sizes.source_area()) };
        runs(sizes, element, pixels, |run| {
            let inside = &row[run.column + run.before..][..run.inside];
            // SAFETY: a run's elements lie within the plane.
            unsafe {
                let to = plane.add(run.source);
                if stride == 1 {
                    let to = std::slice::from_raw_parts_mut(to, inside.len());
                    for (to, element) in to.iter_mut().zip(inside) {
                        *to += element;
                    }
                } else {
                    for (i, element) in inside.iter().enumerate() {
                        *to.add(i * stride) += element;
                    }
                }
            }
        });
    }
}
