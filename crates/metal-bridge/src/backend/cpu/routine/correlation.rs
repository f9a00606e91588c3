//! Gradients by the weights of convolutions of stride 1, without a matrix of patches: each is the sum of products of
//! a plane of the gradient with what an element of the kernel sees of a plane of the source.
//!
//! A unit adds up some bands of planes for some filters; then the partial sums are added up.

use pulp::{Simd, WithSimd};

use super::convolution::cut;
use super::gemm::room;
use super::planes::Planes;
use super::registers::{self, LANES, Registers, dispatch, load, zeros};
use crate::backend::routine::Conv2d;

/// Units that suffice for all threads.
const ENOUGH: usize = 32;
/// The most elements that partial sums may take.
const PARTIAL_SUMS: usize = 2 << 20;
/// Elements of a plane in a band: of the filters in registers they should stay in the first-level cache.
const BAND: usize = 1024;
/// The most elements of copied bands: they should stay in the second-level cache.
const COPIED: usize = 192 << 10;
/// Elements of the weights in a unit that adds up partial sums.
const SUMMED: usize = 4096;
/// Elements of the kernels side by side in registers.
const ELEMENTS: usize = 3;

/// One such gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Correlation {
    images: usize,
    groups: usize,
    channels: usize,
    filters: usize,
    planes: Planes,
    /// Filters in registers.
    block: usize,
    /// Rows of the result in a band.
    rows: usize,
    /// Bands of a plane.
    bands: usize,
    /// Bands that are copied together.
    batch: usize,
    parts: usize,
    /// Blocks of filters in a unit.
    blocks: usize,
}

impl Correlation {
    /// The gradient, if it is one of these and is better so.
    pub(super) fn of(sizes: &Conv2d) -> Option<Self> {
        let planes = Planes::of_source(sizes)?;
        let Registers { rows: most, .. } = Registers::new();
        let (channels, filters) = (sizes.group_channels(), sizes.group_filters());
        let block = filters.div_ceil(filters.div_ceil(most)).next_multiple_of(2);
        let bands = sizes.result[0].div_ceil((BAND / planes.width()).max(1));
        let rows = sizes.result[0].div_ceil(bands);
        let bands = sizes.result[0].div_ceil(rows);
        let all = sizes.images * bands;
        let weights = sizes.filters * channels * sizes.kernel_area();
        let parts = all.min((PARTIAL_SUMS / weights).max(1)).min(ENOUGH);
        let copied = channels * planes.area(rows) + filters * planes.span(rows).next_multiple_of(LANES);
        let batch = (COPIED / copied).min(BAND / planes.span(rows)).clamp(1, all.div_ceil(parts));
        let blocks = cut(filters.div_ceil(block), ENOUGH / (parts * sizes.groups), 1);
        Some(Self {
            images: sizes.images,
            groups: sizes.groups,
            channels,
            filters,
            planes,
            block,
            rows,
            bands,
            batch,
            parts,
            blocks,
        })
    }

    /// Elements of the kernels of a filter.
    fn depth(&self) -> usize {
        self.channels * self.planes.kernel[0] * self.planes.kernel[1]
    }

    fn weights(&self) -> usize {
        self.groups * self.filters * self.depth()
    }

    /// Elements of the partial sums.
    pub(super) fn partial_sums(&self) -> usize {
        self.parts * self.weights()
    }

    fn filter_parts(&self) -> usize {
        self.filters.div_ceil(self.block).div_ceil(self.blocks)
    }

    pub(super) fn units(&self) -> usize {
        self.parts * self.groups * self.filter_parts()
    }

    /// Writes partial sums, which follow each other and lie as the result does.
    ///
    /// # Safety
    ///
    /// The pointers are to the gradient, the source and the partial sums; nobody else accesses this unit of the partial sums.
    pub(super) unsafe fn unit(
        &self,
        unit: usize,
        [gradient, source]: [*const f32; 2],
        partial: *mut f32,
        panel: &mut Vec<f32>,
    ) {
        let (unit, filter_part) = (unit / self.filter_parts(), unit % self.filter_parts());
        let (part, group) = (unit / self.groups, unit % self.groups);
        let first = filter_part * self.blocks * self.block;
        let filters = (self.filters - first).min(self.blocks * self.block);
        let planes = &self.planes;
        let [area, length] = [planes.area(self.rows), planes.span(self.rows).next_multiple_of(LANES)];
        let of_source = self.channels * area;
        let (copied, seen) = room(panel, self.batch * (of_source + filters * length) + LANES)
            .split_at_mut(self.batch * filters * length);
        // What the last vectors see is multiplied by zeros.
        seen[self.batch * of_source..].fill(0.0);
        let result_area = planes.result[0] * planes.result[1];
        let source_area = planes.source[0] * planes.source[1];
        let all = self.images * self.bands;
        let range = all * part / self.parts..all * (part + 1) / self.parts;
        let mut begin = range.start;
        while begin < range.end {
            let batch = begin..range.end.min(begin + self.batch);
            for (number, (copied, seen)) in batch
                .clone()
                .zip(copied.chunks_exact_mut(filters * length).zip(seen.chunks_exact_mut(of_source)))
            {
                let (image, band) = (number / self.bands, number % self.bands);
                let rows = band * self.rows..planes.result[0].min((band + 1) * self.rows);
                let plane = (image * self.groups + group) * self.channels;
                for (channel, to) in seen.chunks_exact_mut(area).enumerate() {
                    // Of rows beyond the result, nothing is used.
                    let (to, rest) = to.split_at_mut(planes.area(rows.len()));
                    rest.fill(0.0);
                    // SAFETY: the plane is one of the source's.
                    unsafe { planes.copy(source.add((plane + channel) * source_area), &rows, to) };
                }
                let plane = (image * self.groups + group) * self.filters + first;
                for (filter, to) in copied.chunks_exact_mut(length).enumerate() {
                    // SAFETY: the plane is one of the gradient's.
                    let from = unsafe {
                        gradient.add((plane + filter) * result_area + rows.start * planes.result[1])
                    };
                    let mut used = 0;
                    for (row, to) in to.chunks_mut(planes.width()).take(rows.len()).enumerate() {
                        let (to, rest) = to.split_at_mut(planes.result[1]);
                        // SAFETY: the row is one of the plane's.
                        let from = unsafe {
                            std::slice::from_raw_parts(from.add(row * planes.result[1]), planes.result[1])
                        };
                        to.copy_from_slice(from);
                        rest.fill(0.0);
                        used += to.len() + rest.len();
                    }
                    to[used..].fill(0.0);
                }
            }
            let to = part * self.weights() + (group * self.filters + first) * self.depth();
            // SAFETY: the copies are there, with room for what vectors read beyond them, and this unit's partial sums are
            // nobody else's.
            unsafe {
                Sums {
                    correlation: self,
                    filters,
                    batch: batch.len(),
                    copied: copied.as_ptr(),
                    seen: seen.as_ptr(),
                    partial: partial.add(to),
                    add: begin > range.start,
                }
                .compute();
            }
            begin = batch.end;
        }
    }
}

impl Correlation {
    pub(super) fn sum_units(&self) -> usize {
        self.weights().div_ceil(SUMMED)
    }

    /// Adds up the partial sums of a unit of the weights.
    ///
    /// # Safety
    ///
    /// The pointers are to the partial sums and the weights; nobody else accesses this unit of the weights.
    pub(super) unsafe fn sum(&self, unit: usize, partial: *const f32, result: *mut f32) {
        let weights = self.weights();
        for element in unit * SUMMED..weights.min((unit + 1) * SUMMED) {
            // SAFETY: everything lies within the memory, by the promise of this function.
            unsafe {
                *result.add(element) =
                    (0..self.parts).map(|part| *partial.add(part * weights + element)).sum()
            };
        }
    }
}

/// Sums of products of all filters of a unit with all elements of the kernels, over a batch of bands.
struct Sums<'a> {
    correlation: &'a Correlation,
    filters: usize,
    batch: usize,
    copied: *const f32,
    seen: *const f32,
    partial: *mut f32,
    /// Whether they are added to what is there.
    add: bool,
}

impl Sums<'_> {
    /// # Safety
    ///
    /// The copied bands and the partial sums are there; after the last band of the source so are as many elements as the
    /// longest vector has.
    unsafe fn compute(self) {
        dispatch(self);
    }

    /// # Safety
    ///
    /// As for [`compute`](Self::compute).
    #[inline(always)]
    unsafe fn filters<S: Simd, const F: usize>(&self, simd: S) {
        let depth = self.correlation.depth();
        for filter in (0..self.filters).step_by(F) {
            for element in (0..depth).step_by(ELEMENTS) {
                // SAFETY: by the promise of this function.
                unsafe { self.tile::<S, F>(simd, filter, element) };
            }
        }
    }

    /// The sums of `F` filters and [`ELEMENTS`] elements of the kernels; of those that do not exist, the last ones are
    /// computed again.
    ///
    /// # Safety
    ///
    /// As for [`compute`](Self::compute).
    #[inline(always)]
    unsafe fn tile<S: Simd, const F: usize>(&self, simd: S, filter: usize, element: usize) {
        let Correlation { planes, rows, channels, .. } = self.correlation;
        let depth = self.correlation.depth();
        let [area, span] = [planes.area(*rows), planes.span(*rows)];
        let length = span.next_multiple_of(LANES);
        let [height, width] = planes.kernel;
        let filter_at: [usize; F] = std::array::from_fn(|f| (filter + f).min(self.filters - 1) * length);
        let element_at: [usize; ELEMENTS] = std::array::from_fn(|e| {
            let element = (element + e).min(depth - 1);
            let (channel, place) = (element / (height * width), element % (height * width));
            channel * area + planes.distance([place / width, place % width])
        });
        let mut sums: registers::Sums<S, F, ELEMENTS> = zeros(simd);
        // SAFETY: by the promise of this function.
        unsafe {
            for band in 0..self.batch {
                let copied = self.copied.add(band * self.filters * length);
                let seen = self.seen.add(band * channels * area);
                let copied = filter_at.map(|at| copied.add(at));
                let seen = element_at.map(|at| seen.add(at));
                for at in (0..span).step_by(S::F32_LANES) {
                    let load = |from: *const f32| load(simd, from.add(at));
                    let seen = seen.map(load);
                    for (sums, from) in sums.iter_mut().zip(copied) {
                        let gradient = load(from);
                        for (sum, seen) in sums.iter_mut().zip(seen) {
                            *sum = simd.mul_add_e_f32s(gradient, seen, *sum);
                        }
                    }
                }
            }
            for (filter, sums) in (filter..self.filters).zip(sums) {
                for (element, sum) in (element..depth).zip(sums) {
                    let to = self.partial.add(filter * depth + element);
                    let before = if self.add { *to } else { 0.0 };
                    *to = before + simd.reduce_sum_f32s(sum);
                }
            }
        }
    }
}

impl WithSimd for Sums<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // SAFETY: only `compute` makes this run, whose promise it is.
        unsafe {
            match self.correlation.block {
                2 => self.filters::<S, 2>(simd),
                4 => self.filters::<S, 4>(simd),
                6 => self.filters::<S, 6>(simd),
                8 => self.filters::<S, 8>(simd),
                block => unreachable!("blocks have 2, 4, 6 or 8 filters, not {block}"),
            }
        }
    }
}
