//! Convolutions of stride 1 that multiply planes by weights in registers, without a matrix of patches: forward, and the
//! gradient by the source, which is the convolution of the result's gradient with turned weights.
//!
//! First the weights are laid out for it, in memory of the call; then a unit makes a part of a plane for some filters.

use pulp::{Simd, WithSimd};

use super::epilogue::{Bias, finish};
use super::gemm::{View, room};
use super::planes::Planes;
use super::registers::{self, Registers, VECTORS, add_products, dispatch, store, zeros};
use crate::backend::routine::{Conv2d, Epilogue};

/// Units that suffice for all threads.
const ENOUGH: usize = 32;
/// The most elements of copied planes in a unit: with the weights beside them, they should stay in the second-level cache.
const COPIED: usize = 128 << 10;
/// Elements of a plane whose sums are kept beside each other, for one block of filters.
const SUMS: usize = 512;
/// Inputs and outputs of a group below which matrices of patches are better: too little is done with each element that is
/// copied, or in each register.
const FEWEST: usize = 2;
/// Elements after the copied planes that the last vectors may read.
const SLACK: usize = 128;
/// One such convolution: of `inputs` planes, in each group, to `outputs` planes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Direct {
    images: usize,
    groups: usize,
    inputs: usize,
    outputs: usize,
    planes: Planes,
    /// Whether inputs are the filters of the weights, whose kernels are turned by half a circle.
    turned: bool,
    /// Outputs in a block, which are in registers together.
    block: usize,
    /// Rows of the result in a unit.
    rows: usize,
    /// Blocks in a unit.
    blocks: usize,
}

impl Direct {
    /// The convolution, if it is one of these and is better so.
    pub(super) fn forward(sizes: &Conv2d) -> Option<Self> {
        Self::new(sizes, Planes::of_source(sizes)?, false)
    }

    /// The gradient by the source, if it is one of these and is better so.
    pub(super) fn data_gradient(sizes: &Conv2d) -> Option<Self> {
        Self::new(sizes, Planes::of_gradient(sizes)?, true)
    }

    fn new(sizes: &Conv2d, planes: Planes, turned: bool) -> Option<Self> {
        let Registers { rows: most, .. } = Registers::new();
        let of_group = [sizes.group_channels(), sizes.group_filters()];
        let [inputs, outputs] = if turned { [of_group[1], of_group[0]] } else { of_group };
        if inputs < FEWEST || outputs < FEWEST {
            return None;
        }
        let block = outputs.div_ceil(outputs.div_ceil(most)).next_multiple_of(2);
        let fitting = (COPIED / (inputs * planes.width())).saturating_sub(planes.halo()[0]).max(1);
        let bands = planes.result[0].div_ceil(fitting);
        let rows = planes.result[0].div_ceil(bands);
        let blocks = outputs.div_ceil(block);
        let parts = (ENOUGH / (sizes.images * sizes.groups * bands)).clamp(1, blocks);
        Some(Self {
            images: sizes.images,
            groups: sizes.groups,
            inputs,
            outputs,
            planes,
            turned,
            block,
            rows,
            blocks: blocks.div_ceil(parts),
        })
    }

    fn area(&self) -> usize {
        self.planes.kernel[0] * self.planes.kernel[1]
    }

    fn all_blocks(&self) -> usize {
        self.outputs.div_ceil(self.block)
    }

    /// Elements of a block's weights.
    fn depth(&self) -> usize {
        self.inputs * self.area() * self.block
    }

    /// Elements of the laid out weights.
    pub(super) fn weights(&self) -> usize {
        self.groups * self.all_blocks() * self.depth()
    }

    /// Units that lay out weights.
    pub(super) fn weight_units(&self) -> usize {
        self.groups * self.all_blocks()
    }

    /// Lays out the weights of a block: `[input][element of the kernel][output]`, with zeros for outputs that do not exist.
    ///
    /// # Safety
    ///
    /// The pointers are to the weights and to memory for the laid out ones; nobody else accesses this unit of those.
    pub(super) unsafe fn lay_out(&self, unit: usize, weights: *const f32, to: *mut f32) {
        let (group, block) = (unit / self.all_blocks(), unit % self.all_blocks());
        let area = self.area();
        // SAFETY: the block lies within the memory, by the promise of this function.
        let to = unsafe { std::slice::from_raw_parts_mut(to.add(unit * self.depth()), self.depth()) };
        for (row, to) in to.chunks_exact_mut(self.block).enumerate() {
            let (input, element) = (row / area, row % area);
            for (output, to) in (block * self.block..).zip(to) {
                *to = if output >= self.outputs {
                    0.0
                } else if self.turned {
                    let at = ((group * self.inputs + input) * self.outputs + output) * area;
                    // SAFETY: the element lies within the weights.
                    unsafe { *weights.add(at + area - 1 - element) }
                } else {
                    let at = ((group * self.outputs + output) * self.inputs + input) * area;
                    // SAFETY: as above.
                    unsafe { *weights.add(at + element) }
                };
            }
        }
    }

    fn parts(&self) -> [usize; 2] {
        [self.planes.result[0].div_ceil(self.rows), self.all_blocks().div_ceil(self.blocks)]
    }

    pub(super) fn units(&self) -> usize {
        let [bands, parts] = self.parts();
        self.images * self.groups * bands * parts
    }

    /// Makes a part of the result.
    ///
    /// # Safety
    ///
    /// The pointers are to the planes, the laid out weights, a bias if there is one, and the result; nobody else accesses this
    /// unit of the result.
    pub(super) unsafe fn unit(
        &self,
        epilogue: Epilogue,
        unit: usize,
        [source, weights, bias]: [*const f32; 3],
        result: *mut f32,
        panel: &mut Vec<f32>,
    ) {
        let [bands, parts] = self.parts();
        let (unit, part) = (unit / parts, unit % parts);
        let (plane, band) = (unit / bands, unit % bands);
        let group = plane % self.groups;
        let blocks = part * self.blocks..self.all_blocks().min((part + 1) * self.blocks);
        let rows = band * self.rows..self.planes.result[0].min((band + 1) * self.rows);
        let area = self.planes.area(rows.len());
        let chunk = (SUMS / self.planes.width()).clamp(1, rows.len());
        let length = self.planes.span(chunk).next_multiple_of(SLACK);
        let (copied, sums) = room(panel, self.inputs * area + SLACK + self.block * length)
            .split_at_mut(self.inputs * area + SLACK);
        let source_area = self.planes.source[0] * self.planes.source[1];
        let result_area = self.planes.result[0] * self.planes.result[1];
        for (input, to) in copied.chunks_exact_mut(area).take(self.inputs).enumerate() {
            // SAFETY: the plane is one of the source's.
            unsafe { self.planes.copy(source.add((plane * self.inputs + input) * source_area), &rows, to) };
        }
        let width = self.planes.result[1];
        for start in (0..rows.len()).step_by(chunk) {
            let part = start..rows.len().min(start + chunk);
            for block in blocks.clone() {
                let outputs = self.block.min(self.outputs - block * self.block);
                // SAFETY: `copied` has the planes and slack after them, the block's weights are there, and `sums` has
                // as many elements for each output as vectors can reach.
                unsafe {
                    let weights = weights.add((group * self.all_blocks() + block) * self.depth());
                    Sums {
                        planes: &self.planes,
                        inputs: self.inputs,
                        area,
                        block: self.block,
                        span: self.planes.span(part.len()),
                        copied: copied.as_ptr().add(part.start * self.planes.width()),
                        weights,
                        sums: sums.as_mut_ptr(),
                        length,
                    }
                    .compute();
                }
                for (output, sums) in sums.chunks_exact(length).take(outputs).enumerate() {
                    let output = block * self.block + output;
                    let at =
                        (plane * self.outputs + output) * result_area + (rows.start + part.start) * width;
                    for (row, sums) in sums.chunks(self.planes.width()).take(part.len()).enumerate() {
                        // SAFETY: the row lies within the unit's part of the result.
                        unsafe {
                            result.add(at + row * width).copy_from_nonoverlapping(sums.as_ptr(), width);
                        }
                    }
                    // SAFETY: as above; the bias has an element for each output of each group.
                    unsafe {
                        let bias = if epilogue.bias {
                            Bias::ByRow(bias.add(group * self.outputs + output))
                        } else {
                            Bias::None
                        };
                        let run = View { at: result.add(at), row: part.len() * width, column: 1 };
                        finish(run, [1, part.len() * width], bias, epilogue);
                    }
                }
            }
        }
    }
}

/// The sums for one block of outputs and some rows of the result.
struct Sums<'a> {
    planes: &'a Planes,
    inputs: usize,
    /// The distance of copied planes.
    area: usize,
    block: usize,
    /// Elements to compute.
    span: usize,
    copied: *const f32,
    weights: *const f32,
    sums: *mut f32,
    /// The distance of the outputs' sums.
    length: usize,
}

impl Sums<'_> {
    /// # Safety
    ///
    /// After the copied planes and the sums there is room for what vectors reach beyond the span; the weights are
    /// those of a block.
    unsafe fn compute(self) {
        dispatch(self);
    }

    /// # Safety
    ///
    /// As for [`compute`](Self::compute), and the block has `F` outputs.
    #[inline(always)]
    unsafe fn outputs<S: Simd, const F: usize>(&self, simd: S) {
        let mut at = 0;
        while at < self.span {
            // SAFETY: by the promise of this function.
            at += S::F32_LANES
                * unsafe {
                    match (self.span - at).div_ceil(S::F32_LANES) {
                        1 => self.tile::<S, F, 1>(simd, at),
                        2 => self.tile::<S, F, 2>(simd, at),
                        _ => self.tile::<S, F, VECTORS>(simd, at),
                    }
                };
        }
    }

    /// Computes `V` vectors of sums for each of `F` outputs; gives `V`.
    ///
    /// # Safety
    ///
    /// As for [`outputs`](Self::outputs).
    #[inline(always)]
    unsafe fn tile<S: Simd, const F: usize, const V: usize>(&self, simd: S, at: usize) -> usize {
        let mut sums: registers::Sums<S, F, V> = zeros(simd);
        let mut weights = self.weights;
        let [height, width] = self.planes.kernel;
        let down = self.planes.dilations[0] * self.planes.width();
        let across = self.planes.dilations[1];
        // SAFETY: by the promise of this function.
        unsafe {
            for input in 0..self.inputs {
                for ky in 0..height {
                    let mut from = self.copied.add(input * self.area + ky * down + at);
                    for _ in 0..width {
                        add_products(simd, &mut sums, weights, from);
                        weights = weights.add(F);
                        from = from.add(across);
                    }
                }
            }
            for (f, sums) in sums.into_iter().enumerate() {
                for (v, sum) in sums.into_iter().enumerate() {
                    store(simd, sum, self.sums.add(f * self.length + at + v * S::F32_LANES));
                }
            }
        }
        V
    }
}

impl WithSimd for Sums<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // SAFETY: only `compute` makes this run, whose promise it is.
        unsafe {
            match self.block {
                2 => self.outputs::<S, 2>(simd),
                4 => self.outputs::<S, 4>(simd),
                6 => self.outputs::<S, 6>(simd),
                8 => self.outputs::<S, 8>(simd),
                block => unreachable!("blocks have 2, 4, 6 or 8 outputs, not {block}"),
            }
        }
    }
}
