//! Generated code: as an object file, and loaded into this process.

use std::ffi::c_void;

use serde::{Deserialize, Serialize};

use super::context::{GroupContext, KnownMemory, Site};
use super::imports::imports;
use crate::SIMD_WIDTH;
use crate::llvm::LoadedObject;

/// One thread: `void (ptr context, i32 index, i32 x, i32 y, i32 z)`, positions in the threadgroup.
pub(crate) const THREAD: &str = "msl.thread";
/// One threadgroup of a kernel that never waits: `void (ptr context)`.
pub(crate) const THREADGROUP: &str = "msl.threadgroup";
/// A rectangle of the grid: `void (ptr context, i32 x0, i32 x1, i32 y0, i32 y1, i32 z)`.
pub(crate) const ROWS: &str = "msl.rows";
/// One SIMD-group: `void (ptr context, i32 first)`, the index of its lane 0 in the threadgroup.
pub(crate) const SIMDGROUP: &str = "msl.simdgroup";
/// Resumes a parked thread or SIMD-group: `void (ptr handle)`.
pub(crate) const RESUME: &str = "msl.resume";

/// What the runtime calls of generated code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum EntryKind {
    /// [`THREADGROUP`]: threads never wait for each other.
    Threadgroup,
    /// [`THREAD`] and [`RESUME`]: each thread is a coroutine that parks where it waits.
    Threads,
    /// [`ROWS`]: the kernel does not know of threadgroups.
    Grid {
        /// The extents along x and y of what it does at a time: rectangles of a multiple of them suit it.
        step: [u32; 2],
    },
    /// [`SIMDGROUP`] and [`RESUME`]: each SIMD-group is a coroutine that parks at barriers of the threadgroup.
    Simdgroups,
}

/// The threadgroups that code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Groups {
    /// All.
    Any,
    /// Those that are [straight](super::is_straight).
    Straight,
    /// Those of them whose SIMD-groups have all their threads.
    Whole,
    /// Those whose SIMD-groups, of which all threads are there, lie so, and which the code runs together.
    Together(Gang),
}

/// SIMD-groups that are a threadgroup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Gang {
    pub(crate) simdgroups: u32,
    /// Whether they lie along y; else along x.
    pub(crate) along_y: bool,
}

impl Gang {
    /// Of a threadgroup with these extents, if it is one.
    pub(crate) fn of([width, height, depth]: [u32; 3]) -> Option<Self> {
        match (width / SIMD_WIDTH, width % SIMD_WIDTH, height, depth) {
            (1.., 0, 1, 1) => Some(Self { simdgroups: width / SIMD_WIDTH, along_y: false }),
            (1, 0, 2.., 1) => Some(Self { simdgroups: height, along_y: true }),
            _ => None,
        }
    }
}

/// Code for a kernel as an object file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Generated {
    #[serde(with = "serde_bytes")]
    pub(crate) object: Vec<u8>,
    pub(crate) entry: EntryKind,
    pub(crate) groups: Groups,
    /// The most SIMD-groups of a threadgroup that are better run together, by other code; 0 if none are.
    pub(crate) most_together: u32,
    /// What faults need to know, by the numbers that the code passes.
    pub(crate) sites: Vec<Site>,
    pub(crate) memories: Vec<KnownMemory>,
}

/// How to start generated code.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Entry {
    Threadgroup(unsafe extern "C" fn(*const GroupContext)),
    Threads {
        start: unsafe extern "C" fn(*const GroupContext, u32, u32, u32, u32),
        resume: unsafe extern "C" fn(*mut c_void),
    },
    Grid {
        rows: unsafe extern "C" fn(*const GroupContext, u32, u32, u32, u32, u32),
        step: [u32; 2],
    },
    Simdgroups {
        start: unsafe extern "C" fn(*const GroupContext, u32),
        resume: unsafe extern "C" fn(*mut c_void),
    },
}

/// Code for a kernel in this process.
#[derive(Debug)]
pub(crate) struct Code {
    pub(super) entry: Entry,
    pub(super) groups: Groups,
    pub(super) most_together: u32,
    pub(super) sites: Vec<Site>,
    /// The memories that pointers come from, by tag.
    pub(super) memories: Vec<KnownMemory>,
    /// What `entry` points into.
    _object: LoadedObject,
}

/// What running a kernel needs beside its code.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) kernel: String,
    /// Bit n is set where the kernel may write to buffer n.
    pub(crate) writable_buffers: u32,
    /// Bytes of threadgroup memory that the kernel declares itself.
    pub(crate) static_threadgroup_memory: usize,
}

impl Code {
    /// The most SIMD-groups of a threadgroup that are better run together, by other code; 0 if none are.
    pub(crate) fn most_together(&self) -> u32 {
        self.most_together
    }

    /// Links an object file into this process.
    ///
    /// # Safety
    ///
    /// The object was generated as its entry says, and declares what it imports with the types that
    /// [`imports`] have.
    pub(crate) unsafe fn load(generated: Generated) -> Result<Self, String> {
        let Generated { object, entry, groups, most_together, sites, memories } = generated;
        // SAFETY: the caller's promise.
        let object = unsafe { LoadedObject::load(&object, &imports()) }?;
        // SAFETY: the caller's promise: the symbols have these types.
        let entry = unsafe {
            match entry {
                EntryKind::Threadgroup => {
                    let run = object.address(THREADGROUP)?;
                    Entry::Threadgroup(std::mem::transmute::<usize, unsafe extern "C" fn(_)>(run))
                }
                EntryKind::Threads => {
                    let (start, resume) = (object.address(THREAD)?, object.address(RESUME)?);
                    Entry::Threads {
                        start: std::mem::transmute::<usize, unsafe extern "C" fn(_, _, _, _, _)>(start),
                        resume: std::mem::transmute::<usize, unsafe extern "C" fn(_)>(resume),
                    }
                }
                EntryKind::Grid { step } => {
                    let rows = object.address(ROWS)?;
                    let rows = std::mem::transmute::<usize, unsafe extern "C" fn(_, _, _, _, _, _)>(rows);
                    Entry::Grid { rows, step }
                }
                EntryKind::Simdgroups => {
                    let (start, resume) = (object.address(SIMDGROUP)?, object.address(RESUME)?);
                    Entry::Simdgroups {
                        start: std::mem::transmute::<usize, unsafe extern "C" fn(_, _)>(start),
                        resume: std::mem::transmute::<usize, unsafe extern "C" fn(_)>(resume),
                    }
                }
            }
        };
        Ok(Self { entry, groups, most_together, sites, memories, _object: object })
    }
}
