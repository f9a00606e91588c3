//! Forward, and the gradient by the source, which is the convolution of the result's gradient with turned weights.
//!
//! First the components of the weights are laid out, in memory of the call; then a unit makes some bands of tiles for some
//! outputs.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::super::epilogue::{Bias, finish};
use super::super::gemm::{View, room};
use super::super::planes::Planes;
use super::super::registers::{LANES, Registers, dispatch};
use super::layout::Layout;
use super::product::Product;
use super::transform::{load_all, store_all};
use super::{COMPONENTS, ENOUGH, Tiles, apart, transform};
use crate::backend::routine::{Conv2d, Epilogue};

/// Inputs and outputs, and their product, below which other methods are better: too little is done with what is transformed.
const FEWEST: usize = 16;
const FEWEST_KERNELS: usize = 512;
/// Inputs whose weights are laid out in a unit.
const LAID_OUT: usize = 16;
/// Elements of a kernel.
const AREA: usize = 9;

/// One such convolution: of `inputs` planes to `outputs` planes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in super::super) struct WinogradConvolution {
    images: usize,
    inputs: usize,
    outputs: usize,
    tiles: Tiles,
    /// Whether inputs are the filters of the weights, whose kernels are turned by half a circle.
    turned: bool,
    /// Outputs in a block: whole vectors, whose sums are made together.
    block: usize,
    /// Blocks in a unit.
    blocks: usize,
}

impl WinogradConvolution {
    /// The convolution, if it is one of these and is better so.
    pub(in super::super) fn forward(sizes: &Conv2d) -> Option<Self> {
        Self::new(sizes, Planes::of_source(sizes), false)
    }

    /// The gradient by the source, if it is one of these and is better so.
    pub(in super::super) fn data_gradient(sizes: &Conv2d) -> Option<Self> {
        Self::new(sizes, Planes::of_gradient(sizes), true)
    }

    fn new(sizes: &Conv2d, planes: Option<Planes>, turned: bool) -> Option<Self> {
        let [inputs, outputs] =
            if turned { [sizes.filters, sizes.channels] } else { [sizes.channels, sizes.filters] };
        if inputs < FEWEST || outputs < FEWEST || inputs * outputs < FEWEST_KERNELS {
            return None;
        }
        let tiles = Tiles::new(sizes, planes, inputs.next_multiple_of(LANES))?;
        let Registers { lanes, .. } = Registers::new();
        let block = outputs.div_ceil(outputs.div_ceil(4 * lanes)).next_multiple_of(lanes);
        let blocks = outputs.div_ceil(block);
        let bands = (sizes.images * tiles.bands).div_ceil(tiles.batch);
        let parts = (ENOUGH / bands).clamp(1, blocks);
        let blocks = blocks.div_ceil(parts);
        Some(Self { images: sizes.images, inputs, outputs, tiles, turned, block, blocks })
    }

    /// Elements of a pixel of the source.
    fn pixel(&self) -> usize {
        self.inputs.next_multiple_of(LANES)
    }

    fn all_blocks(&self) -> usize {
        self.outputs.div_ceil(self.block)
    }

    /// Elements of a block's weights.
    fn block_weights(&self) -> usize {
        COMPONENTS * self.inputs * self.block
    }

    /// Elements of the laid out weights.
    pub(in super::super) fn weights(&self) -> usize {
        self.all_blocks() * self.block_weights()
    }

    /// Units that lay out weights.
    pub(in super::super) fn weight_units(&self) -> usize {
        self.all_blocks() * self.inputs.div_ceil(LAID_OUT)
    }

    /// Lays out the weights between a block and some inputs: `[component][input][output]`, with zeros for outputs that do not exist.
    ///
    /// # Safety
    ///
    /// The pointers are to the weights and to memory for the laid out ones; nobody else accesses this unit of those.
    pub(in super::super) unsafe fn lay_out(
        &self,
        unit: usize,
        weights: *const f32,
        to: *mut f32,
        panel: &mut Vec<f32>,
    ) {
        let parts = self.inputs.div_ceil(LAID_OUT);
        let (block, part) = (unit / parts, unit % parts);
        let inputs = part * LAID_OUT..self.inputs.min((part + 1) * LAID_OUT);
        // SAFETY: the block lies within the memory, by the promise of this function.
        let to = unsafe { to.add(block * self.block_weights()) };
        let staged = room(panel, inputs.len() * AREA * self.block);
        dispatch(LayOut { convolution: self, block, inputs, weights, to, staged });
    }

    /// Units beside each other, of other outputs.
    fn parts(&self) -> usize {
        self.all_blocks().div_ceil(self.blocks)
    }

    pub(in super::super) fn units(&self) -> usize {
        (self.images * self.tiles.bands).div_ceil(self.tiles.batch) * self.parts()
    }

    /// Makes a part of the result.
    ///
    /// # Safety
    ///
    /// The pointers are to the planes, the laid out weights, a bias if there is one, and the result; nobody else accesses this
    /// unit of the result.
    pub(in super::super) unsafe fn unit(
        &self,
        epilogue: Epilogue,
        unit: usize,
        [source, weights, bias]: [*const f32; 3],
        result: *mut f32,
        panel: &mut Vec<f32>,
    ) {
        let (number, part) = (unit / self.parts(), unit % self.parts());
        let all = self.images * self.tiles.bands;
        let bands = number * self.tiles.batch..all.min((number + 1) * self.tiles.batch);
        let blocks = part * self.blocks..self.all_blocks().min((part + 1) * self.blocks);
        let most = self.tiles.most();
        let staged = (self.tiles.seen() * self.pixel()).max(self.tiles.made() * self.block);
        let [of_source, of_result] = [most * self.pixel(), most * self.block].map(apart);
        let panel = room(panel, staged + COMPONENTS * (of_source + of_result));
        let (staged, rest) = panel.split_at_mut(staged);
        let (seen, made) = rest.split_at_mut(COMPONENTS * of_source);
        let unit = Unit {
            convolution: self,
            epilogue,
            bands,
            blocks,
            source,
            weights,
            bias,
            result,
            staged,
            seen,
            made,
            of_source,
            of_result,
        };
        dispatch(unit);
    }
}

struct LayOut<'a> {
    convolution: &'a WinogradConvolution,
    block: usize,
    inputs: Range<usize>,
    weights: *const f32,
    to: *mut f32,
    /// The weights with outputs beside each other: `[input][element of the kernel][output]`.
    staged: &'a mut [f32],
}

impl WithSimd for LayOut<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let WinogradConvolution { inputs: all, outputs, block, turned, .. } = *self.convolution;
        let first = self.block * block;
        // Outputs that do not exist.
        self.staged.fill(0.0);
        for (number, input) in self.inputs.clone().enumerate() {
            let at = if turned { input * outputs + first } else { first * all + input } * AREA;
            let area = if turned { AREA } else { all * AREA };
            let layout = Layout {
                width: AREA,
                rows: 0..1,
                area,
                first: number * AREA,
                distance: 0,
                channels: block.min(outputs - first),
                pixel: block,
            };
            // SAFETY: the kernels are the weights', and there is room for all of them.
            unsafe { layout.to_pixels(self.weights.add(at), self.staged.as_mut_ptr()) };
        }
        for (input, staged) in self.inputs.zip(self.staged.chunks_exact(AREA * block)) {
            for first in (0..block).step_by(S::F32_LANES) {
                // SAFETY: the kernels have been staged.
                let mut tile = unsafe { load_all(simd, staged.as_ptr().add(first), [3 * block, block]) };
                if turned {
                    tile.reverse();
                    for row in &mut tile {
                        row.reverse();
                    }
                }
                let apart = all * block;
                // SAFETY: the vectors lie within the block's weights.
                unsafe {
                    let to = self.to.add(input * block + first);
                    store_all(simd, transform::weights(simd, tile), to, [4 * apart, apart]);
                }
            }
        }
    }
}

struct Unit<'a> {
    convolution: &'a WinogradConvolution,
    epilogue: Epilogue,
    bands: Range<usize>,
    blocks: Range<usize>,
    source: *const f32,
    weights: *const f32,
    bias: *const f32,
    result: *mut f32,
    /// Pixels of one band of the source or the result.
    staged: &'a mut [f32],
    /// The components of the source: `[component][tile][input]`.
    seen: &'a mut [f32],
    /// Those of the result, for a block of outputs.
    made: &'a mut [f32],
    of_source: usize,
    of_result: usize,
}

impl Unit<'_> {
    /// Writes the components of the result of a block to the result.
    #[inline(always)]
    fn write<S: Simd>(&mut self, simd: S, block: usize) {
        let WinogradConvolution { outputs: all, block: size, ref tiles, .. } = *self.convolution;
        let [_, width] = tiles.widths();
        let area = tiles.planes.result[0] * tiles.planes.result[1];
        let outputs = size.min(all - block * size);
        let mut tile = 0;
        for number in self.bands.clone() {
            let (image, band) = (number / tiles.bands, tiles.band(number % tiles.bands));
            for row in 0..band.len() {
                for column in 0..tiles.across {
                    for at in (0..size).step_by(S::F32_LANES) {
                        let from = tile * size + at;
                        // SAFETY: the components have been made, and the pixels lie within the band.
                        unsafe {
                            let from = self.made.as_ptr().add(from);
                            let components = load_all(simd, from, [4 * self.of_result, self.of_result]);
                            let to = self.staged.as_mut_ptr().add((2 * row * width + 2 * column) * size + at);
                            store_all(simd, transform::result(simd, components), to, [width * size, size]);
                        }
                    }
                    tile += 1;
                }
            }
            let rows = tiles.rows_made(&band);
            let layout = Layout {
                width: tiles.planes.result[1],
                rows: rows.clone(),
                area,
                first: 0,
                distance: width,
                channels: outputs,
                pixel: size,
            };
            // SAFETY: these rows of the planes are the unit's, by the promise of `unit`; the bias has an element for each output.
            unsafe {
                let planes = self.result.add((image * all + block * size) * area);
                layout.to_planes(self.staged.as_ptr(), planes);
                let at = planes.add(rows.start * tiles.planes.result[1]);
                let bias =
                    if self.epilogue.bias { Bias::ByRow(self.bias.add(block * size)) } else { Bias::None };
                let extent = [outputs, rows.len() * tiles.planes.result[1]];
                finish(View { at, row: area, column: 1 }, extent, bias, self.epilogue);
            }
        }
    }
}

impl WithSimd for Unit<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let WinogradConvolution { inputs, block, ref tiles, .. } = *self.convolution;
        let pixel = self.convolution.pixel();
        let source_area = tiles.planes.source[0] * tiles.planes.source[1];
        let mut tile = 0;
        for number in self.bands.clone() {
            let (image, band) = (number / tiles.bands, tiles.band(number % tiles.bands));
            // SAFETY: the planes are the source's, and there is room for the tiles of all bands.
            unsafe {
                let planes = self.source.add(image * inputs * source_area);
                tiles.stage(&band, planes, [inputs, pixel], self.staged);
                let to = self.seen.as_mut_ptr().add(tile * pixel);
                tiles.transform_source(simd, &band, self.staged, pixel, to, self.of_source);
            }
            tile += band.len() * tiles.across;
        }
        for number in self.blocks.clone() {
            for component in 0..COMPONENTS {
                // SAFETY: the matrices have so many rows and columns.
                unsafe {
                    let weights = self.weights.add(number * self.convolution.block_weights());
                    let product = Product {
                        rows: tile,
                        columns: block,
                        depth: inputs,
                        left: self.seen.as_ptr().add(component * self.of_source),
                        left_row: pixel,
                        left_column: 1,
                        right: weights.add(component * inputs * block),
                        right_row: block,
                        result: self.made.as_mut_ptr().add(component * self.of_result),
                        result_row: block,
                        add: false,
                    };
                    product.compute(simd);
                }
            }
            self.write(simd, number);
        }
    }
}
