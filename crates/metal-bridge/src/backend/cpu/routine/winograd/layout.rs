//! Planes turned to pixels, each with its channels side by side, and back.

use std::ops::Range;

use super::super::turn::{SIDE, turn};

/// Some rows of planes beside pixels: the element at `x` in row `y` of them belongs to the pixel `first + y × distance + x`.
pub(super) struct Layout {
    /// Elements of a row of the planes.
    pub(super) width: usize,
    pub(super) rows: Range<usize>,
    /// Elements of a plane.
    pub(super) area: usize,
    pub(super) first: usize,
    /// Pixels from a row to the next one.
    pub(super) distance: usize,
    /// Planes, which are channels of the pixels.
    pub(super) channels: usize,
    /// Elements of a pixel.
    pub(super) pixel: usize,
}

impl Layout {
    /// The first element of each of the blocks that the rows are turned in, all planes for each. Blocks overlap where their number
    /// is not whole; there is one that is not full if even that is not possible.
    fn blocks(&self) -> impl Iterator<Item = usize> {
        let elements = self.rows.len() * self.width;
        let last = elements.saturating_sub(SIDE);
        (0..elements).step_by(SIDE).map(move |start| start.min(last))
    }

    /// Where the elements of a block lie among the pixels.
    #[inline(always)]
    fn places(&self, start: usize) -> [usize; SIDE] {
        let (mut row, mut column) = (start / self.width, start % self.width);
        let mut places = [0; SIDE];
        for place in &mut places {
            *place = (self.first + row * self.distance + column) * self.pixel;
            column += 1;
            if column == self.width {
                (row, column) = (row + 1, 0);
            }
        }
        places
    }

    /// Elements of a block, and planes of whole blocks.
    fn whole(&self) -> (usize, usize) {
        let elements = (self.rows.len() * self.width).min(SIDE);
        (elements, if elements == SIDE { self.channels / SIDE * SIDE } else { 0 })
    }

    /// Writes the pixels of planes.
    ///
    /// # Safety
    ///
    /// The pointers are to the first one of the planes and to the pixels.
    #[inline(always)]
    pub(super) unsafe fn to_pixels(&self, planes: *const f32, pixels: *mut f32) {
        let (elements, whole) = self.whole();
        // SAFETY: by the promise of this function.
        unsafe {
            let planes = planes.add(self.rows.start * self.width);
            for start in self.blocks() {
                let places = self.places(start);
                let from = planes.add(start);
                for channel in (0..whole).step_by(SIDE) {
                    let (mut rows, mut columns) = ([from; SIDE], [pixels; SIDE]);
                    for (c, row) in rows.iter_mut().enumerate() {
                        *row = from.add((channel + c) * self.area);
                    }
                    for (column, place) in columns.iter_mut().zip(places) {
                        *column = pixels.add(place + channel);
                    }
                    turn(rows, columns);
                }
                for channel in whole..self.channels {
                    for (element, place) in places.into_iter().enumerate().take(elements) {
                        *pixels.add(place + channel) = *from.add(channel * self.area + element);
                    }
                }
            }
        }
    }

    /// Writes the planes of pixels.
    ///
    /// # Safety
    ///
    /// The pointers are to the pixels and to the first one of the planes, of which nobody else accesses these rows.
    #[inline(always)]
    pub(super) unsafe fn to_planes(&self, pixels: *const f32, planes: *mut f32) {
        let (elements, whole) = self.whole();
        // SAFETY: by the promise of this function.
        unsafe {
            let planes = planes.add(self.rows.start * self.width);
            for start in self.blocks() {
                let places = self.places(start);
                let to = planes.add(start);
                for channel in (0..whole).step_by(SIDE) {
                    let (mut rows, mut columns) = ([pixels; SIDE], [to; SIDE]);
                    for (row, place) in rows.iter_mut().zip(places) {
                        *row = pixels.add(place + channel);
                    }
                    for (c, column) in columns.iter_mut().enumerate() {
                        *column = to.add((channel + c) * self.area);
                    }
                    turn(rows, columns);
                }
                for channel in whole..self.channels {
                    for (element, place) in places.into_iter().enumerate().take(elements) {
                        *to.add(channel * self.area + element) = *pixels.add(place + channel);
                    }
                }
            }
        }
    }
}
