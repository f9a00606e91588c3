//! What generated code and runtime share in memory. Generated code uses the offsets of these fields.

use std::ffi::c_void;
use std::sync::atomic::AtomicBool;

use serde::{Deserialize, Serialize};

use crate::{Access, Binding, Memory, SourceLocation};

/// One threadgroup being run, or a part of the grid of a kernel that does not know of threadgroups: then what is about
/// threadgroups is without meaning. Generated code gets a pointer to it.
#[repr(C)]
pub(crate) struct GroupContext {
    /// By buffer index; absent buffers have length 0.
    pub(crate) buffers: *const Binding,
    /// The threadgroup's memory: first the kernel's own variables, then the arguments.
    pub(crate) threadgroup_memory: *mut u8,
    /// By threadgroup-memory index.
    pub(crate) threadgroup_arguments: *const Binding,
    /// Set to end the kernel at the next loop iteration.
    pub(crate) stop: *const AtomicBool,
    /// One per coroutine: per thread, or per SIMD-group.
    pub(crate) parked: *mut Parked,
    /// The runtime's own state.
    pub(crate) host: *mut c_void,
    pub(crate) threads_per_grid: [u32; 3],
    pub(crate) threadgroups_per_grid: [u32; 3],
    pub(crate) threadgroup_position_in_grid: [u32; 3],
    /// Of this threadgroup: smaller than the dispatch's at the edges of the grid.
    pub(crate) threads_per_threadgroup: [u32; 3],
    pub(crate) dispatch_threads_per_threadgroup: [u32; 3],
}

/// Words of a parked thread's position; positions in deeper loops are cut.
pub(crate) const KEY_WORDS: usize = 16;

/// Where a coroutine waits and what for. A thread writes all but `result`, a SIMD-group only `handle`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Parked {
    /// The suspended coroutine.
    pub(crate) handle: *mut c_void,
    /// A [`ParkedOperation`] as a number.
    pub(crate) operation: u32,
    /// For shuffles: the lane to read from.
    pub(crate) lane: u32,
    pub(crate) value: u64,
    pub(crate) result: u64,
    /// Where in the kernel, such that keys compare in the order of execution: positions of the loops
    /// around the place, each followed by the iteration, then the place itself.
    pub(crate) key: [u32; KEY_WORDS],
}

/// What a parked thread waits for. Other numbers are [`Collective`](super::Collective)s, from 16 on.
pub(crate) struct ParkedOperation;

impl ParkedOperation {
    /// It has ended.
    pub(crate) const DONE: u32 = 0;
    /// All threads of the threadgroup.
    pub(crate) const THREADGROUP_BARRIER: u32 = 1;
    /// All active threads of the SIMD-group.
    pub(crate) const SIMDGROUP_BARRIER: u32 = 2;
    /// The lanes whose predicate is true.
    pub(crate) const BALLOT: u32 = 3;
    /// Another lane's value.
    pub(crate) const SHUFFLE: u32 = 4;
    /// The first [`Collective`](super::Collective).
    pub(crate) const FIRST_COLLECTIVE: u32 = 16;
}

/// One memory access of a kernel, for messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Site {
    pub(crate) access: Access,
    pub(crate) location: Option<SourceLocation>,
}

/// A memory that pointers of a kernel come from, for messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KnownMemory {
    pub(crate) memory: Memory,
    pub(crate) access: Access,
}

/// The tag of a pointer of unknown origin; other tags are positions in [`Generated::memories`].
///
/// [`Generated::memories`]: super::Generated::memories
pub(crate) const UNKNOWN_MEMORY: i32 = -1;
