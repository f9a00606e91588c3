//! How the grid of a launch is cut into units where threadgroups do not matter.
//!
//! Units are small, so that workers can share a small grid; neighbouring ones are run in one call, as long as that
//! gives a call enough to do. They follow each other along the axis that is good for the caches: kernels that
//! compute several rows at a time read the same columns in all of them, so these go down columns of a few lanes.

use std::ops::Range;

/// Most threads of a call: so many take longer than a call by far, and end soon when the launch is stopped.
const CALL_THREADS: u64 = 4096;
/// Threads of a unit where there are enough.
const UNIT_THREADS: u64 = 256;
/// Units of a grid that workers can share well.
const ENOUGH_UNITS: u64 = 64;
/// Extents of a call of a kernel that does several rows at a time.
const TILED_WIDTH: u32 = 64;
const TILED_ROWS: u32 = 128;

/// A grid cut into boxes of equal extents, but for those at its edges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    grid: [u32; 3],
    /// Extents of a unit.
    unit: [u32; 3],
    /// Number of units along each axis.
    counts: [u64; 3],
    /// Along this axis, x or y, units follow each other.
    along: usize,
    /// Most units that one call does.
    call: u64,
}

/// A part of the grid, by the first thread along each axis and the one after the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) start: [u32; 3],
    pub(super) end: [u32; 3],
}

impl Cut {
    /// For code that does `step` threads along x and y at a time.
    pub(super) fn new(grid: [u32; 3], step: [u32; 2]) -> Self {
        let [width, height, depth] = grid.map(|n| n.max(1));
        let step = step.map(|n| n.max(1));
        let threads = u64::from(width).saturating_mul(height.into()).saturating_mul(depth.into());
        // So many threads of a unit leave enough units.
        let share = (threads / ENOUGH_UNITS).clamp(1, UNIT_THREADS);
        let steps = |threads: u64, step: u32| (threads.div_ceil(step.into()) as u32).saturating_mul(step);
        let (unit, along, call) = if step[1] > 1 && height > 1 {
            let columns = steps(TILED_WIDTH.into(), step[0]).min(width);
            // Of whole steps, so that single rows are left over only at the end of the grid.
            let most = (TILED_ROWS / step[1]).max(1) * step[1];
            let rows = steps(8 * share / u64::from(columns), step[1]).clamp(step[1], most);
            ([columns, rows, 1], 1, (TILED_ROWS / rows).into())
        } else if u64::from(width) <= CALL_THREADS {
            // Whole rows, and whole planes where these are small.
            let row = if height == 1 && depth == 1 { steps(share, step[0]).min(width) } else { width };
            let rows = (share / u64::from(row)).clamp(1, height.into()) as u32;
            let plane = u64::from(width) * u64::from(height);
            let planes = if rows == height { (share / plane).clamp(1, depth.into()) as u32 } else { 1 };
            let along = usize::from(row == width);
            ([row, rows, planes], along, CALL_THREADS / (u64::from(row) * u64::from(rows)))
        } else {
            let row = steps(share, step[0]).min(width);
            ([row, 1, 1], 0, CALL_THREADS / u64::from(row))
        };
        let counts = std::array::from_fn(|i| u64::from(grid[i].div_ceil(unit[i])));
        Self { grid, unit, counts, along, call: call.max(1) }
    }

    pub(super) fn units(&self) -> u64 {
        self.counts.iter().fold(1, |product, count| product.saturating_mul(*count))
    }

    /// The parts that these units are run in.
    pub(super) fn parts(self, mut units: Range<u64>) -> impl Iterator<Item = Part> {
        let (along, across) = (self.along, 1 - self.along);
        std::iter::from_fn(move || {
            if units.is_empty() {
                return None;
            }
            let first = units.start;
            let position = first % self.counts[along];
            let number = (units.end - first).min(self.counts[along] - position).min(self.call);
            units.start += number;
            let mut start = [0; 3];
            start[along] = position;
            start[across] = first / self.counts[along] % self.counts[across];
            start[2] = first / self.counts[along] / self.counts[across];
            let mut end = start.map(|n| n + 1);
            end[along] = position + number;
            let thread = |units: [u64; 3]| {
                std::array::from_fn(|i| (units[i] * u64::from(self.unit[i])).min(self.grid[i].into()) as u32)
            };
            Some(Part { start: thread(start), end: thread(end) })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cut's parts, when units are handed out in ranges of this length.
    fn parts(cut: Cut, range: u64) -> Vec<Part> {
        let units = cut.units();
        (0..units)
            .step_by(range as usize)
            .flat_map(|start| cut.parts(start..(start + range).min(units)))
            .collect()
    }

    #[test]
    fn every_thread_is_in_one_part() {
        let grids =
            [[1, 1, 1], [33, 1, 1], [1000, 1, 1], [100, 70, 1], [5, 4, 300], [1, 500, 3], [5000, 3, 2]];
        for grid in grids {
            for step in [[32, 1], [64, 1], [32, 8], [64, 6], [1, 1], [0, 0]] {
                for range in [1, 3, 1 << 30] {
                    let cut = Cut::new(grid, step);
                    let mut seen = vec![0u8; grid.iter().product::<u32>() as usize];
                    for part in parts(cut, range) {
                        for z in part.start[2]..part.end[2] {
                            for y in part.start[1]..part.end[1] {
                                for x in part.start[0]..part.end[0] {
                                    seen[((z * grid[1] + y) * grid[0] + x) as usize] += 1;
                                }
                            }
                        }
                    }
                    assert!(seen.iter().all(|n| *n == 1), "grid {grid:?}, step {step:?}: {cut:?}");
                }
            }
        }
    }

    fn calls(grid: [u32; 3], step: [u32; 2]) -> usize {
        parts(Cut::new(grid, step), u64::MAX).len()
    }

    #[test]
    fn whole_ranges_take_few_calls() {
        assert_eq!(calls([1024, 1, 1], [32, 1]), 1);
        assert_eq!(calls([1 << 20, 1, 1], [32, 1]), 256);
        assert_eq!(calls([28, 1000, 1], [32, 1]), 7);
        assert_eq!(calls([4, 4, 1 << 16], [32, 1]), 1 << 12);
        assert_eq!(calls([1 << 20, 2, 1], [32, 1]), 512);
        // Columns of 64 by 128 rows.
        assert_eq!(calls([512, 512, 1], [32, 8]), 32);
    }

    #[test]
    fn tiled_kernels_go_down_columns() {
        let cut = Cut::new([1024, 1024, 1], [32, 8]);
        let part =
            |x: Range<u32>, y: Range<u32>| Part { start: [x.start, y.start, 0], end: [x.end, y.end, 1] };
        let all = parts(cut, u64::MAX);
        assert_eq!(all[0], part(0..64, 0..128));
        assert_eq!(all[1], part(0..64, 128..256));
        assert_eq!(all[8], part(64..128, 0..128));
    }

    #[test]
    fn tiles_are_not_cut() {
        for rows in [2, 4, 6, 8] {
            let cut = Cut::new([16, 4096, 1], [16, rows]);
            assert!(cut.unit[1].is_multiple_of(rows), "{rows}: {cut:?}");
        }
    }

    #[test]
    fn small_grids_can_be_shared() {
        for (grid, step) in [([2048, 1, 1], [32, 1]), ([64, 64, 1], [32, 8]), ([64, 64, 1], [32, 1])] {
            let cut = Cut::new(grid, step);
            assert!(cut.units() >= 8, "{cut:?}");
        }
    }

    #[test]
    fn the_largest_grids_do_not_overflow() {
        for step in [[32, 1], [32, 8], [u32::MAX, u32::MAX]] {
            let cut = Cut::new([u32::MAX; 3], step);
            let last = cut.parts(cut.units() - 1..cut.units()).next();
            assert!(
                last.is_some_and(|part| (0..3).all(|i| part.start[i] < part.end[i])),
                "{cut:?}: {last:?}"
            );
        }
    }
}
