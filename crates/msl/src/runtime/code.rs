//! Generated code: as an object file, and loaded into this process.

use std::ffi::c_void;

use serde::{Deserialize, Serialize};

use super::context::{GroupContext, KnownMemory, Site};
use super::imports::imports;
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

/// Code for a kernel as an object file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Generated {
    #[serde(with = "serde_bytes")]
    pub(crate) object: Vec<u8>,
    pub(crate) entry: EntryKind,
    /// Whether it is only for threadgroups that are [straight](super::is_straight); else it is for all.
    pub(crate) straight_only: bool,
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
    pub(super) straight_only: bool,
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
    /// Links an object file into this process.
    ///
    /// # Safety
    ///
    /// The object was generated as its entry says, and declares what it imports with the types that
    /// [`imports`] have.
    pub(crate) unsafe fn load(generated: Generated) -> Result<Self, String> {
        let Generated { object, entry, straight_only, sites, memories } = generated;
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
        Ok(Self { entry, straight_only, sites, memories, _object: object })
    }
}
