//! The gradient by the weights: a unit adds up the components of some bands of tiles for some filters and makes weights of them;
//! then these partial sums are added up.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::super::convolution::cut;
use super::super::gemm::room;
use super::super::planes::Planes;
use super::super::registers::{LANES, dispatch};
use super::layout::Layout;
use super::product::Product;
use super::transform::{load_all, store_all};
use super::{COMPONENTS, ENOUGH, Tiles, apart, transform};
use crate::backend::routine::Conv2d;

/// Channels and filters below which other methods are better.
const FEWEST: usize = 16;
/// The most elements that partial sums may take.
const PARTIAL_SUMS: usize = 2 << 20;
/// Elements of the weights in a unit that adds up partial sums.
const SUMMED: usize = 4096;
/// The fewest filters of a unit, for each of which it transforms the source once.
const FILTERS: usize = 64;
/// Elements of a kernel.
const AREA: usize = 9;

/// One such gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in super::super) struct WinogradGradient {
    images: usize,
    channels: usize,
    filters: usize,
    tiles: Tiles,
    /// Parts of the bands.
    parts: usize,
    /// Filters in a unit.
    block: usize,
}

impl WinogradGradient {
    /// The gradient, if it is one of these and is better so.
    pub(in super::super) fn of(sizes: &Conv2d) -> Option<Self> {
        let Conv2d { images, channels, filters, .. } = *sizes;
        if channels < FEWEST || filters < FEWEST {
            return None;
        }
        let tiles = Tiles::new(sizes, Planes::of_source(sizes), channels.max(filters.min(FILTERS)))?;
        let batches = (images * tiles.bands).div_ceil(tiles.batch);
        let parts = batches.min((PARTIAL_SUMS / (AREA * channels * filters)).max(1)).min(ENOUGH);
        let block = cut(filters, ENOUGH / parts, FILTERS);
        Some(Self { images, channels, filters, tiles, parts, block })
    }

    fn weights(&self) -> usize {
        AREA * self.channels * self.filters
    }

    /// Elements of the partial sums.
    pub(in super::super) fn partial_sums(&self) -> usize {
        self.parts * self.weights()
    }

    fn blocks(&self) -> usize {
        self.filters.div_ceil(self.block)
    }

    pub(in super::super) fn units(&self) -> usize {
        self.parts * self.blocks()
    }

    /// Writes partial sums: `[part][element of the kernel][filter][channel]`.
    ///
    /// # Safety
    ///
    /// The pointers are to the gradient, the source and the partial sums; nobody else accesses this unit of the partial sums.
    pub(in super::super) unsafe fn unit(
        &self,
        unit: usize,
        [gradient, source]: [*const f32; 2],
        partial: *mut f32,
        panel: &mut Vec<f32>,
    ) {
        let (part, block) = (unit / self.blocks(), unit % self.blocks());
        let filters = block * self.block..self.filters.min((block + 1) * self.block);
        let all = self.images * self.tiles.bands;
        let bands = all * part / self.parts..all * (part + 1) / self.parts;
        let most = self.tiles.most();
        let pixels = [self.channels, filters.len()].map(|size| size.next_multiple_of(LANES));
        let staged = (self.tiles.seen() * pixels[0]).max(self.tiles.made() * pixels[1]);
        let [of_source, of_gradient] = pixels.map(|pixel| apart(most * pixel));
        let of_sums = apart(filters.len() * pixels[0]);
        let panel = room(panel, staged + COMPONENTS * (of_source + of_gradient + of_sums));
        let (staged, rest) = panel.split_at_mut(staged);
        let (seen, rest) = rest.split_at_mut(COMPONENTS * of_source);
        let (given, sums) = rest.split_at_mut(COMPONENTS * of_gradient);
        // SAFETY: the part lies within the partial sums.
        let partial = unsafe { partial.add(part * self.weights()) };
        let unit = Unit {
            method: self,
            filters,
            bands,
            gradient,
            source,
            partial,
            pixels,
            staged,
            seen,
            given,
            sums,
            of_source,
            of_gradient,
            of_sums,
        };
        dispatch(unit);
    }

    pub(in super::super) fn sum_units(&self) -> usize {
        (self.channels * self.filters).div_ceil(SUMMED / AREA)
    }

    /// Adds up the partial sums of a unit of the weights.
    ///
    /// # Safety
    ///
    /// The pointers are to the partial sums and the weights; nobody else accesses this unit of the weights.
    pub(in super::super) unsafe fn sum(&self, unit: usize, partial: *const f32, result: *mut f32) {
        const KERNELS: usize = SUMMED / AREA;
        let kernels = self.channels * self.filters;
        let range = unit * KERNELS..kernels.min((unit + 1) * KERNELS);
        let mut sums = [0.0; KERNELS];
        for element in 0..AREA {
            let sums = &mut sums[..range.len()];
            sums.fill(0.0);
            for part in 0..self.parts {
                let at = part * self.weights() + element * kernels + range.start;
                // SAFETY: the sums lie within the memory, by the promise of this function.
                let partial = unsafe { std::slice::from_raw_parts(partial.add(at), range.len()) };
                sums.iter_mut().zip(partial).for_each(|(sum, partial)| *sum += partial);
            }
            for (kernel, sum) in range.clone().zip(sums) {
                // SAFETY: the element lies within the unit's part of the weights.
                unsafe { *result.add(kernel * AREA + element) = *sum };
            }
        }
    }
}

struct Unit<'a> {
    method: &'a WinogradGradient,
    filters: Range<usize>,
    bands: Range<usize>,
    gradient: *const f32,
    source: *const f32,
    partial: *mut f32,
    /// Elements of a pixel of the source and of the gradient.
    pixels: [usize; 2],
    /// Pixels of one band of the source or the gradient.
    staged: &'a mut [f32],
    /// The components of the source: `[component][tile][channel]`.
    seen: &'a mut [f32],
    /// Those of the gradient: `[component][tile][filter]`.
    given: &'a mut [f32],
    /// Those of the weights: `[component][filter][channel]`.
    sums: &'a mut [f32],
    of_source: usize,
    of_gradient: usize,
    of_sums: usize,
}

impl Unit<'_> {
    /// Writes the components of the gradient of a band, from a tile on.
    #[inline(always)]
    fn transform_gradient<S: Simd>(&mut self, simd: S, image: usize, band: &Range<usize>, tile: usize) {
        let WinogradGradient { filters: all, ref tiles, .. } = *self.method;
        let [_, width] = tiles.widths();
        let [_, pixel] = self.pixels;
        let area = tiles.planes.result[0] * tiles.planes.result[1];
        let layout = Layout {
            width: tiles.planes.result[1],
            rows: tiles.rows_made(band),
            area,
            first: 0,
            distance: width,
            channels: self.filters.len(),
            pixel,
        };
        let staged = &mut self.staged[..2 * band.len() * width * pixel];
        // Beyond the result, and of filters that do not exist.
        staged.fill(0.0);
        // SAFETY: the planes are the gradient's, and the pixels those of the band.
        unsafe {
            let planes = self.gradient.add((image * all + self.filters.start) * area);
            layout.to_pixels(planes, staged.as_mut_ptr());
        }
        for (row, column) in
            (0..band.len()).flat_map(|row| (0..tiles.across).map(move |column| (row, column)))
        {
            let from = &staged[(2 * row * width + 2 * column) * pixel..];
            let to = (tile + row * tiles.across + column) * pixel;
            for at in (0..pixel).step_by(S::F32_LANES) {
                // SAFETY: the tile's pixels have been staged, and there is room for the components.
                unsafe {
                    let from = from.as_ptr().add(at);
                    let elements = load_all(simd, from, [width * pixel, pixel]);
                    let to = self.given.as_mut_ptr().add(to + at);
                    let distances = [4 * self.of_gradient, self.of_gradient];
                    store_all(simd, transform::gradient(simd, elements), to, distances);
                }
            }
        }
    }

    /// Writes the partial sums.
    #[inline(always)]
    fn write<S: Simd>(&self, simd: S) {
        let WinogradGradient { channels, filters: all, .. } = *self.method;
        for (number, filter) in self.filters.clone().enumerate() {
            for channel in (0..channels).step_by(S::F32_LANES) {
                // SAFETY: the components have been summed up.
                let components = unsafe {
                    let from = self.sums.as_ptr().add(number * self.pixels[0] + channel);
                    load_all(simd, from, [4 * self.of_sums, self.of_sums])
                };
                let elements = transform::weights_gradient(simd, components).into_iter().flatten();
                let count = S::F32_LANES.min(channels - channel);
                for (element, vector) in elements.enumerate() {
                    let at = (element * all + filter) * channels + channel;
                    // SAFETY: this part of the partial sums is the unit's.
                    let to = unsafe { std::slice::from_raw_parts_mut(self.partial.add(at), count) };
                    simd.partial_store_f32s(to, vector);
                }
            }
        }
    }
}

impl WithSimd for Unit<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let WinogradGradient { channels, ref tiles, .. } = *self.method;
        let source_area = tiles.planes.source[0] * tiles.planes.source[1];
        let [pixel, of_filters] = self.pixels;
        let mut begin = self.bands.start;
        while begin < self.bands.end {
            let batch = begin..self.bands.end.min(begin + tiles.batch);
            let mut tile = 0;
            for number in batch.clone() {
                let (image, band) = (number / tiles.bands, tiles.band(number % tiles.bands));
                // SAFETY: the planes are the source's, and there is room for the tiles of all bands.
                unsafe {
                    let planes = self.source.add(image * channels * source_area);
                    tiles.stage(&band, planes, [channels, pixel], self.staged);
                    let to = self.seen.as_mut_ptr().add(tile * pixel);
                    tiles.transform_source(simd, &band, self.staged, pixel, to, self.of_source);
                }
                self.transform_gradient(simd, image, &band, tile);
                tile += band.len() * tiles.across;
            }
            for component in 0..COMPONENTS {
                // SAFETY: the matrices have so many rows and columns.
                unsafe {
                    let product = Product {
                        rows: self.filters.len(),
                        columns: pixel,
                        depth: tile,
                        left: self.given.as_ptr().add(component * self.of_gradient),
                        left_row: 1,
                        left_column: of_filters,
                        right: self.seen.as_ptr().add(component * self.of_source),
                        right_row: pixel,
                        result: self.sums.as_mut_ptr().add(component * self.of_sums),
                        result_row: pixel,
                        add: begin > self.bands.start,
                    };
                    product.compute(simd);
                }
            }
            begin = batch.end;
        }
        self.write(simd);
    }
}
