//! From places in rewritten text back to the user's own.
//!
//! Rewriting keeps every line where it was, so only columns need a map.

/// Where text of a line came from; it reaches to the start of the next segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Segment {
    /// Byte offset in the rewritten line.
    rewritten: u32,
    /// Byte offset in the original line.
    original: u32,
    /// Whether the text is the user's; if not, all of it stands for the one original place.
    verbatim: bool,
}

const LINE_START: Segment = Segment { rewritten: 0, original: 0, verbatim: true };

/// Maps byte columns of rewritten lines to byte columns of the original lines. Lines and columns count from 0.
#[derive(Clone, Debug, Default)]
pub(crate) struct ColumnMap {
    /// By line; no segments: the line is unchanged.
    lines: Vec<Vec<Segment>>,
}

impl ColumnMap {
    /// The original column of a rewritten column.
    pub(crate) fn original(&self, line: usize, column: u32) -> u32 {
        let Some(segments) = self.lines.get(line) else { return column };
        let index = segments.partition_point(|s| s.rewritten <= column);
        let segment = if index == 0 { LINE_START } else { segments[index - 1] };
        if segment.verbatim { segment.original + (column - segment.rewritten) } else { segment.original }
    }

    /// Whether the rewritten column holds the user's own text.
    pub(crate) fn is_verbatim(&self, line: usize, column: u32) -> bool {
        let Some(segments) = self.lines.get(line) else { return true };
        let index = segments.partition_point(|s| s.rewritten <= column);
        index == 0 || segments[index - 1].verbatim
    }

    /// Says that `length` bytes were inserted into a rewritten line.
    pub(crate) fn insert(&mut self, line: usize, column: u32, length: u32) {
        let original = self.original(line, column);
        let verbatim = self.is_verbatim(line, column);
        if self.lines.len() <= line {
            self.lines.resize(line + 1, Vec::new());
        }
        let segments = &mut self.lines[line];
        let index = segments.partition_point(|s| s.rewritten < column);
        let starts_here = segments.get(index).is_some_and(|s| s.rewritten == column);
        for segment in &mut segments[index..] {
            segment.rewritten += length;
        }
        let inserted = Segment { rewritten: column, original, verbatim: false };
        if starts_here {
            segments.insert(index, inserted);
        } else {
            let rest = Segment { rewritten: column + length, original, verbatim };
            segments.splice(index..index, [inserted, rest]);
        }
    }
}

/// Builds a [`ColumnMap`] while the rewritten text is put together from front to back.
#[derive(Debug, Default)]
pub(crate) struct ColumnMapBuilder {
    map: ColumnMap,
    segments: Vec<Segment>,
    rewritten: u32,
    original: u32,
}

impl ColumnMapBuilder {
    /// `length` bytes of a line were copied.
    pub(crate) fn copied(&mut self, length: usize) {
        self.segment(true);
        self.rewritten += length as u32;
        self.original += length as u32;
    }

    /// `length` bytes were put in that the original lacks.
    pub(crate) fn inserted(&mut self, length: usize) {
        if length > 0 {
            self.segment(false);
            self.rewritten += length as u32;
        }
    }

    /// `length` bytes of the original line were left out.
    pub(crate) fn removed(&mut self, length: usize) {
        self.original += length as u32;
    }

    /// The line ended, in both texts.
    pub(crate) fn ended_line(&mut self) {
        self.map.lines.push(std::mem::take(&mut self.segments));
        self.rewritten = 0;
        self.original = 0;
    }

    pub(crate) fn finish(mut self) -> ColumnMap {
        self.ended_line();
        self.map
    }

    fn segment(&mut self, verbatim: bool) {
        let next = Segment { rewritten: self.rewritten, original: self.original, verbatim };
        let current = self.segments.last().copied().unwrap_or(LINE_START);
        let continues = current.verbatim == verbatim
            && if verbatim {
                next.original.wrapping_sub(current.original) == next.rewritten - current.rewritten
            } else {
                next.original == current.original
            };
        if !continues {
            self.segments.push(next);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn insertions_stand_for_the_place_they_were_put() {
        // "ab cd" → "ab XYZ cd" with "ab " and "cd" copied.
        let mut builder = ColumnMapBuilder::default();
        builder.copied(3);
        builder.inserted(4);
        builder.copied(2);
        let map = builder.finish();
        let columns: Vec<u32> = (0..9).map(|c| map.original(0, c)).collect();
        assert_eq!(columns, [0, 1, 2, 3, 3, 3, 3, 3, 4]);
        assert!(map.is_verbatim(0, 2) && !map.is_verbatim(0, 3) && map.is_verbatim(0, 7));
    }

    #[test]
    fn removals_are_jumped_over() {
        let mut builder = ColumnMapBuilder::default();
        builder.copied(1);
        builder.removed(5);
        builder.copied(2);
        builder.ended_line();
        builder.copied(4);
        let map = builder.finish();
        assert_eq!((0..3).map(|c| map.original(0, c)).collect::<Vec<_>>(), [0, 6, 7]);
        assert_eq!(map.original(1, 3), 3);
        assert_eq!(map.original(99, 3), 3, "lines past the end are unchanged");
    }

    #[test]
    fn later_insertions_keep_the_map() {
        let mut builder = ColumnMapBuilder::default();
        builder.copied(4);
        builder.inserted(2);
        builder.copied(4);
        let mut map = builder.finish();
        let before: Vec<u32> = (0..10).map(|c| map.original(0, c)).collect();
        map.insert(0, 8, 3);
        map.insert(0, 2, 5);
        let after: Vec<u32> = (0..18).map(|c| map.original(0, c)).collect();
        assert_eq!(after[..2], before[..2]);
        assert_eq!(after[2..7], [2; 5]);
        assert_eq!(after[7..13], before[2..8]);
        assert_eq!(after[13..16], [6; 3]);
        assert_eq!(after[16..], before[8..]);
        map.insert(7, 0, 4);
        assert_eq!(map.original(7, 5), 1);
    }
}
