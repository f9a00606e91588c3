//! Convolutions of 3 × 3 elements with stride 1 by Winograd's minimal filtering (Lavin and Gray: Fast Algorithms for
//! Convolutional Neural Networks, 2015).
//!
//! The result is cut into tiles of 2 × 2 elements, each of which sees 4 × 4 of the source. Both tiles and weights are
//! transformed to 4 × 4 *components*; then a component of the result is one product of matrices, of tiles by channels
//! with channels by filters, and what is multiplied is 16 numbers for 4 elements instead of 36. For the gradient by
//! the weights, tiles of the result's gradient take the place of weights, and sums go over tiles.
//!
//! Transforms add and halve, so errors are about those of plain sums. As each element is made of all 16 components of
//! its tile, an infinity or NaN in the source also reaches the other elements of the tiles that see it.
//!
//! Channels lie beside each other in all matrices, so that neither transforms nor products depend on how planes are
//! cut; tensors are turned when they are read and written ([`layout`]).

mod convolution;
mod gradient;
mod layout;
mod product;
mod transform;

use std::ops::Range;

use pulp::Simd;

use super::planes::Planes;
use super::registers::LANES;
use crate::backend::routine::Conv2d;

use layout::Layout;
use transform::{load_all, store_all};

pub(super) use convolution::WinogradConvolution;
pub(super) use gradient::WinogradGradient;

/// Components of a tile.
const COMPONENTS: usize = 16;
/// Tiles in a unit's matrices: enough for what is done once for each unit, or read once.
const TILES: usize = 128;
/// The most elements of a unit's matrix of the source: it should stay in the second-level cache.
const SOURCE: usize = 256 << 10;
/// Units that suffice for all threads.
const ENOUGH: usize = 32;

/// The tiles of a convolution's planes, in bands of whole rows of tiles.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Tiles {
    planes: Planes,
    /// Tiles beside each other.
    across: usize,
    /// Rows of tiles of a plane.
    down: usize,
    /// Rows of tiles in a band.
    rows: usize,
    /// Bands of a plane.
    bands: usize,
    /// Bands that are worked on together.
    batch: usize,
}

/// Distance of a matrix of so many elements from the next one: more, such that not all fall to the same lines of caches.
fn apart(elements: usize) -> usize {
    elements.next_multiple_of(LANES) + LANES
}

impl Tiles {
    /// The tiles of planes with so many channels, if they can be computed so.
    fn new(sizes: &Conv2d, planes: Option<Planes>, channels: usize) -> Option<Self> {
        let planes = planes?;
        let is_inside = |axis: usize| {
            let before = planes.before[axis];
            before >= 0 && planes.result[axis] + 2 >= planes.source[axis] + before as usize
        };
        let fits = sizes.kernel == [3, 3] && sizes.dilations == [1, 1] && sizes.groups == 1;
        if !(fits && is_inside(0) && is_inside(1)) {
            return None;
        }
        let [down, across] = planes.result.map(|size| size.div_ceil(2));
        let most = (SOURCE / (COMPONENTS * channels)).clamp(16, TILES);
        let bands = down.div_ceil((most / across).max(1));
        let rows = down.div_ceil(bands);
        let bands = down.div_ceil(rows);
        let batch = (most / (rows * across)).max(1);
        Some(Self { planes, across, down, rows, bands, batch })
    }

    /// The most tiles that are worked on together.
    fn most(&self) -> usize {
        self.batch * self.rows * self.across
    }

    /// The rows of tiles of a band.
    fn band(&self, band: usize) -> Range<usize> {
        band * self.rows..self.down.min((band + 1) * self.rows)
    }

    /// Elements of a row that tiles see, and of one that they make.
    fn widths(&self) -> [usize; 2] {
        [2 * self.across + 2, 2 * self.across]
    }

    /// Elements of the source that a band sees.
    fn seen(&self) -> usize {
        (2 * self.rows + 2) * self.widths()[0]
    }

    /// Elements of the result that a band makes.
    fn made(&self) -> usize {
        2 * self.rows * self.widths()[1]
    }

    /// The rows of the source that a band sees, and where they lie among what it sees.
    fn rows_seen(&self, band: &Range<usize>) -> (Range<usize>, usize) {
        let before = self.planes.before[0] as usize;
        let [first, end] = [2 * band.start, 2 * band.end + 2];
        let start = first.saturating_sub(before);
        let end = end.saturating_sub(before).min(self.planes.source[0]).max(start);
        (start..end, start + before - first)
    }

    /// The rows of the result that a band makes.
    fn rows_made(&self, band: &Range<usize>) -> Range<usize> {
        2 * band.start..self.planes.result[0].min(2 * band.end)
    }
}

impl Tiles {
    /// Writes the pixels that a band sees. Outside of the source, and in channels that do not exist, they are 0.
    ///
    /// # Safety
    ///
    /// `planes` points to so many planes of the source.
    #[inline(always)]
    unsafe fn stage(
        &self,
        band: &Range<usize>,
        planes: *const f32,
        [channels, pixel]: [usize; 2],
        to: &mut [f32],
    ) {
        let width = self.widths()[0];
        let to = &mut to[..(2 * band.len() + 2) * width * pixel];
        to.fill(0.0);
        let (rows, row) = self.rows_seen(band);
        let layout = Layout {
            width: self.planes.source[1],
            rows,
            area: self.planes.source[0] * self.planes.source[1],
            first: row * width + self.planes.before[1] as usize,
            distance: width,
            channels,
            pixel,
        };
        // SAFETY: the rows lie within the planes, and the pixels among those that the band sees.
        unsafe { layout.to_pixels(planes, to.as_mut_ptr()) };
    }

    /// Writes the components of a band's tiles: `[component][tile][channel]`, of which components lie `apart`.
    ///
    /// # Safety
    ///
    /// There is room for them.
    #[inline(always)]
    unsafe fn transform_source<S: Simd>(
        &self,
        simd: S,
        band: &Range<usize>,
        staged: &[f32],
        pixel: usize,
        to: *mut f32,
        apart: usize,
    ) {
        let width = self.widths()[0];
        for (row, column) in (0..band.len()).flat_map(|row| (0..self.across).map(move |column| (row, column)))
        {
            let from = &staged[(2 * row * width + 2 * column) * pixel..];
            let tile = row * self.across + column;
            for channel in (0..pixel).step_by(S::F32_LANES) {
                // SAFETY: the tile's pixels have been staged, and there is room for the components.
                unsafe {
                    let from = from.as_ptr().add(channel);
                    let elements = load_all(simd, from, [width * pixel, pixel]);
                    let to = to.add(tile * pixel + channel);
                    store_all(simd, transform::source(simd, elements), to, [4 * apart, apart]);
                }
            }
        }
    }
}
