//! Memory of a worker thread.

use std::fmt;

use super::context::{KEY_WORDS, Parked, ParkedOperation};

/// Memory that a worker thread keeps between calls of [`Kernel::run`](crate::Kernel::run).
#[derive(Default)]
pub struct Scratch {
    threadgroup_memory: Vec<Line>,
    parked: Vec<Parked>,
    pub(super) frames: Frames,
}

// SAFETY: the pointers in `parked` lead into the frames beside it and are used only during a run.
unsafe impl Send for Scratch {}

impl fmt::Debug for Scratch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scratch")
    }
}

impl Scratch {
    /// Room for that many bytes of threadgroup memory. What is in it, others may have left.
    pub(super) fn threadgroup_memory(&mut self, bytes: usize) -> *mut u8 {
        let lines = bytes.div_ceil(size_of::<Line>());
        if self.threadgroup_memory.len() < lines {
            self.threadgroup_memory.resize(lines, Line::default());
        }
        self.threadgroup_memory.as_mut_ptr().cast()
    }

    /// Entries for that many coroutines. What is in them, others may have left.
    pub(super) fn parked(&mut self, count: usize) -> *mut Parked {
        if self.parked.len() < count {
            self.parked.resize(count, NOT_PARKED);
        }
        self.parked.as_mut_ptr()
    }
}

/// Frames of coroutines by their index in the threadgroup. A frame stays where it is until a larger one is
/// asked for at its index.
#[derive(Default)]
pub(super) struct Frames(Vec<Vec<Line>>);

impl Frames {
    /// The frame of a coroutine with at least that many bytes.
    pub(super) fn of(&mut self, index: usize, size: usize) -> *mut u8 {
        if self.0.len() <= index {
            self.0.resize_with(index + 1, Vec::new);
        }
        let lines = size.div_ceil(size_of::<Line>());
        let frame = &mut self.0[index];
        if frame.len() < lines {
            frame.resize(lines, Line::default());
        }
        frame.as_mut_ptr().cast()
    }
}

/// A unit of memory with the alignment that any MSL type or coroutine frame may ask for.
#[repr(C, align(64))]
#[derive(Clone, Copy, Default)]
pub(super) struct Line([u64; 8]);

const NOT_PARKED: Parked = Parked {
    handle: std::ptr::null_mut(),
    operation: ParkedOperation::DONE,
    lane: 0,
    value: 0,
    result: 0,
    key: [0; KEY_WORDS],
};
