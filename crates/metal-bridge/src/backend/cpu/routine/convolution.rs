//! Convolutions as products with matrices of patches, a part of a plane at a time.
//!
//! All three are products with the same matrix P of patches ([`patches`](super::patches)): with the weights W
//! it is `W × P`, the gradient by the source is spread from `Wᵀ × G`, and the gradient by the weights is `G × Pᵀ`.

use std::ops::Range;

use super::epilogue::{Bias, finish};
use super::gemm::{View, multiply, room};
use super::patches::{columns, gather, scatter_add};
use crate::backend::routine::{Conv2d, Epilogue};

/// Units that suffice for all threads.
const ENOUGH: usize = 32;
/// The fewest filters, or rows of a matrix of patches, of a unit.
const FEWEST: usize = 64;
/// The most elements that partial sums of a gradient by the weights may take.
const PARTIAL_SUMS: usize = 2 << 20;
/// Elements of the weights of a unit that adds up partial sums.
const SUMMED: usize = 4096;

/// Cuts a size into so many parts, each of at least `least`; gives the size of a part.
pub(super) fn cut(size: usize, parts: usize, least: usize) -> usize {
    size.div_ceil(parts.max(1)).max(least.min(size)).max(1)
}

fn slice(size: usize, part: usize, number: usize) -> Range<usize> {
    number * part..size.min((number + 1) * part)
}

/// A unit's numbers along axes of these sizes, the last one changing fastest.
fn split<const N: usize>(mut unit: usize, sizes: [usize; N]) -> [usize; N] {
    let mut numbers = [0; N];
    for (number, size) in numbers.iter_mut().zip(sizes).rev() {
        (*number, unit) = (unit % size, unit / size);
    }
    numbers
}

// Forward: a unit is a part of a plane for some filters.

struct Forward {
    depth: usize,
    /// Elements of the plane in a unit.
    tile: usize,
    tiles: usize,
    /// Filters in a unit.
    block: usize,
    blocks: usize,
}

impl Forward {
    fn new(sizes: &Conv2d) -> Self {
        let depth = sizes.group_channels() * sizes.kernel_area();
        let tile = columns(sizes, depth);
        let tiles = sizes.result_area().div_ceil(tile);
        let units = sizes.images * sizes.groups * tiles;
        let block = cut(sizes.group_filters(), ENOUGH / units, FEWEST);
        Self { depth, tile, tiles, block, blocks: sizes.group_filters().div_ceil(block) }
    }
}

pub(super) fn forward_units(sizes: &Conv2d) -> usize {
    let Forward { tiles, blocks, .. } = Forward::new(sizes);
    sizes.images * sizes.groups * tiles * blocks
}

/// # Safety
///
/// The pointers are to source, weights, a bias if there is one, and result of these sizes; nobody else accesses this
/// unit of the result.
pub(super) unsafe fn forward(
    sizes: &Conv2d,
    epilogue: Epilogue,
    unit: usize,
    [source, weights, bias]: [*const f32; 3],
    result: *mut f32,
    panel: &mut Vec<f32>,
) {
    let Forward { depth, tile, tiles, block, blocks } = Forward::new(sizes);
    let [image, group, t, b] = split(unit, [sizes.images, sizes.groups, tiles, blocks]);
    let pixels = slice(sizes.result_area(), tile, t);
    let filters = slice(sizes.group_filters(), block, b);
    let filter = group * sizes.group_filters() + filters.start;
    let channel = image * sizes.channels + group * sizes.group_channels();
    // SAFETY: everything lies within the tensors, by the promise of this function.
    unsafe {
        let planes = source.add(channel * sizes.source_area());
        let patches = if sizes.is_pointwise() {
            View { at: planes.add(pixels.start), row: sizes.source_area(), column: 1 }
        } else {
            let matrix = room(panel, depth * pixels.len());
            gather(sizes, planes, sizes.group_channels(), &pixels, matrix);
            View { at: matrix.as_ptr(), row: pixels.len(), column: 1 }
        };
        let at = (image * sizes.filters + filter) * sizes.result_area() + pixels.start;
        let part = View { at: result.add(at), row: sizes.result_area(), column: 1 };
        multiply(
            [filters.len(), pixels.len(), depth],
            View { at: weights.add(filter * depth), row: depth, column: 1 },
            patches,
            part,
            false,
        );
        let bias = if epilogue.bias { Bias::ByRow(bias.add(filter)) } else { Bias::None };
        finish(part, [filters.len(), pixels.len()], bias, epilogue);
    }
}

// The gradient by the source: a unit is all of some planes of the source.

struct DataGradient {
    /// Channels in a unit.
    block: usize,
    blocks: usize,
    tile: usize,
}

impl DataGradient {
    fn new(sizes: &Conv2d) -> Self {
        let area = sizes.kernel_area();
        let units = sizes.images * sizes.groups;
        let block = cut(sizes.group_channels(), ENOUGH / units, FEWEST.div_ceil(area));
        let tile = columns(sizes, block * area);
        Self { block, blocks: sizes.group_channels().div_ceil(block), tile }
    }
}

pub(super) fn data_gradient_units(sizes: &Conv2d) -> usize {
    sizes.images * sizes.groups * DataGradient::new(sizes).blocks
}

/// # Safety
///
/// The pointers are to tensors of these sizes; nobody else accesses this unit of the result.
pub(super) unsafe fn data_gradient(
    sizes: &Conv2d,
    unit: usize,
    gradient: *const f32,
    weights: *const f32,
    result: *mut f32,
    panel: &mut Vec<f32>,
) {
    let DataGradient { block, blocks, tile } = DataGradient::new(sizes);
    let [image, group, b] = split(unit, [sizes.images, sizes.groups, blocks]);
    let channels = slice(sizes.group_channels(), block, b);
    let depth = sizes.group_channels() * sizes.kernel_area();
    let rows = channels.len() * sizes.kernel_area();
    let channel = image * sizes.channels + group * sizes.group_channels() + channels.start;
    let filter = group * sizes.group_filters();
    // SAFETY: everything lies within the tensors, by the promise of this function.
    unsafe {
        let planes = result.add(channel * sizes.source_area());
        let weights = weights.add(filter * depth + channels.start * sizes.kernel_area());
        let gradient = gradient.add((image * sizes.filters + filter) * sizes.result_area());
        let transposed = View { at: weights, row: 1, column: depth };
        if !sizes.is_pointwise() {
            std::ptr::write_bytes(planes, 0, channels.len() * sizes.source_area());
        }
        for t in 0..sizes.result_area().div_ceil(tile) {
            let pixels = slice(sizes.result_area(), tile, t);
            let gradient = View { at: gradient.add(pixels.start), row: sizes.result_area(), column: 1 };
            let extent = [rows, pixels.len(), sizes.group_filters()];
            if sizes.is_pointwise() {
                let to = View { at: planes.add(pixels.start), row: sizes.source_area(), column: 1 };
                multiply(extent, transposed, gradient, to, false);
            } else {
                let matrix = room(panel, rows * pixels.len());
                let to = View { at: matrix.as_mut_ptr(), row: pixels.len(), column: 1 };
                multiply(extent, transposed, gradient, to, false);
                scatter_add(sizes, planes, channels.len(), &pixels, matrix);
            }
        }
    }
}

// The gradient by the weights: a unit adds up some tiles for some channels; then the partial sums are added up.

struct WeightsGradient {
    /// Tiles of all images.
    all: usize,
    tiles: usize,
    tile: usize,
    parts: usize,
    /// Channels in a unit.
    block: usize,
    blocks: usize,
}

impl WeightsGradient {
    fn new(sizes: &Conv2d) -> Self {
        let weights = sizes.filters * sizes.group_channels() * sizes.kernel_area();
        let most = (PARTIAL_SUMS / weights).max(1);
        let tile = columns(sizes, sizes.group_channels() * sizes.kernel_area());
        let tiles = sizes.result_area().div_ceil(tile);
        let all = sizes.images * tiles;
        let parts = all.min(most).min(ENOUGH);
        let least = FEWEST.div_ceil(sizes.kernel_area());
        let block = cut(sizes.group_channels(), ENOUGH / (parts * sizes.groups), least);
        Self { all, tiles, tile, parts, block, blocks: sizes.group_channels().div_ceil(block) }
    }
}

/// Elements of the partial sums of a gradient by the weights.
pub(super) fn partial_sums(sizes: &Conv2d) -> usize {
    let weights = sizes.filters * sizes.group_channels() * sizes.kernel_area();
    WeightsGradient::new(sizes).parts * weights
}

pub(super) fn weights_gradient_units(sizes: &Conv2d) -> usize {
    let WeightsGradient { parts, blocks, .. } = WeightsGradient::new(sizes);
    parts * sizes.groups * blocks
}

/// Writes partial sums, `[part][group][channel and element of the kernel][filter]`.
///
/// # Safety
///
/// The pointers are to tensors of these sizes; nobody else accesses this unit of the partial sums.
pub(super) unsafe fn weights_gradient(
    sizes: &Conv2d,
    unit: usize,
    gradient: *const f32,
    source: *const f32,
    partial: *mut f32,
    panel: &mut Vec<f32>,
) {
    let WeightsGradient { all, tiles, tile, parts, block, blocks } = WeightsGradient::new(sizes);
    let [part, group, b] = split(unit, [parts, sizes.groups, blocks]);
    let channels = slice(sizes.group_channels(), block, b);
    let (filters, area) = (sizes.group_filters(), sizes.kernel_area());
    let depth = sizes.group_channels() * area;
    let rows = channels.len() * area;
    let to = ((part * sizes.groups + group) * depth + channels.start * area) * filters;
    let range = all * part / parts..all * (part + 1) / parts;
    for number in range.clone() {
        let (image, t) = (number / tiles, number % tiles);
        let pixels = slice(sizes.result_area(), tile, t);
        let channel = image * sizes.channels + group * sizes.group_channels() + channels.start;
        let filter = image * sizes.filters + group * filters;
        // SAFETY: everything lies within the tensors, by the promise of this function.
        unsafe {
            let planes = source.add(channel * sizes.source_area());
            let transposed = if sizes.is_pointwise() {
                View { at: planes.add(pixels.start), row: 1, column: sizes.source_area() }
            } else {
                let matrix = room(panel, rows * pixels.len());
                gather(sizes, planes, channels.len(), &pixels, matrix);
                View { at: matrix.as_ptr(), row: 1, column: pixels.len() }
            };
            let from = gradient.add(filter * sizes.result_area() + pixels.start);
            multiply(
                [filters, rows, pixels.len()],
                View { at: from, row: sizes.result_area(), column: 1 },
                transposed,
                View { at: partial.add(to), row: 1, column: filters },
                number > range.start,
            );
        }
    }
}

pub(super) fn sum_units(sizes: &Conv2d) -> usize {
    (sizes.filters * sizes.group_channels() * sizes.kernel_area()).div_ceil(SUMMED)
}

/// Adds up the partial sums of a unit of the weights.
///
/// # Safety
///
/// The pointers are to the partial sums and the weights; nobody else accesses this unit of the weights.
pub(super) unsafe fn sum(sizes: &Conv2d, unit: usize, partial: *const f32, result: *mut f32) {
    let filters = sizes.group_filters();
    let depth = sizes.group_channels() * sizes.kernel_area();
    let weights = sizes.filters * depth;
    let parts = WeightsGradient::new(sizes).parts;
    for element in slice(weights, SUMMED, unit) {
        let [group, filter, row] = split(element, [sizes.groups, filters, depth]);
        let from = (group * depth + row) * filters + filter;
        let mut total = 0.0;
        // SAFETY: everything lies within the tensors, by the promise of this function.
        unsafe {
            for part in 0..parts {
                total += *partial.add(part * weights + from);
            }
            *result.add(element) = total;
        }
    }
}
