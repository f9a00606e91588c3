//! Generated code: as an object file, and loaded into this process.

use std::ffi::c_void;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, OnceLock, PoisonError};

use serde::{Deserialize, Serialize};

use super::context::{GroupContext, KnownMemory, Site};
use super::imports::imports;
use crate::llvm::LoadedObject;
use crate::{CompilerFailure, PipelineError, SIMD_WIDTH};

/// One thread: `void (ptr context, i32 index, i32 x, i32 y, i32 z)`, positions in the threadgroup.
pub(crate) const THREAD: &str = "msl.thread";
/// One threadgroup of a kernel that never waits: `void (ptr context)`.
pub(crate) const THREADGROUP: &str = "msl.threadgroup";
/// A rectangle of the grid: `void (ptr context, i32 x0, i32 x1, i32 y0, i32 y1, i32 z)`.
pub(crate) const ROWS: &str = "msl.rows";
/// One threadgroup of a kernel whose SIMD-groups wait for each other: `void (ptr context)`.
pub(crate) const SIMDGROUPS: &str = "msl.simdgroups";
/// Resumes a parked thread: `void (ptr handle)`.
pub(crate) const RESUME: &str = "msl.resume";
/// A row of threads, of which some may be absent: `void (ptr context, i32 first, i32 x, i32 y, i32 z, i32 count)`; index in the
/// threadgroup and position of the first thread, as the code has them, and number of threads. It is in an object file of
/// its own.
pub(crate) const PART: &str = "msl.part";
/// The hook by which other code calls [`PART`].
pub(crate) const RUN_PART: &str = "msl.rt.part";

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
    /// [`SIMDGROUPS`]: each SIMD-group is a coroutine that parks at barriers of the threadgroup.
    Simdgroups,
}

/// The threadgroups that code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Groups {
    /// All.
    Any,
    /// Those that are [straight](super::run::is_straight).
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
    /// Whether it may call [`RUN_PART`].
    pub(crate) has_part: bool,
    /// What faults need to know, by the numbers that the code passes.
    pub(crate) sites: Vec<Site>,
    pub(crate) memories: Vec<KnownMemory>,
}

/// Gives the object file with [`PART`].
pub(crate) type CompilePart = Box<dyn FnOnce() -> Result<Vec<u8>, PipelineError> + Send>;

/// The type of [`PART`].
pub(super) type RunPart = unsafe extern "C" fn(*const GroupContext, u32, u32, u32, u32, u32);

/// [`PART`], which is compiled when it is first needed.
struct Part {
    compile: Mutex<Option<CompilePart>>,
    compiled: OnceLock<Result<(RunPart, LoadedObject), PipelineError>>,
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part").field("compiled", &self.compiled).finish_non_exhaustive()
    }
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
    Simdgroups(unsafe extern "C" fn(*const GroupContext)),
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
    part: Option<Part>,
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

    /// Links an object file into this process. If it has another part, `compile_part` is called when that is first needed.
    ///
    /// # Safety
    ///
    /// The object was generated as its entry says, and declares what it imports with the types that
    /// [`imports`] have. The same is true of what `compile_part` gives.
    pub(crate) unsafe fn load(generated: Generated, compile_part: CompilePart) -> Result<Self, String> {
        let Generated { object, entry, groups, most_together, has_part, sites, memories } = generated;
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
                    let run = object.address(SIMDGROUPS)?;
                    Entry::Simdgroups(std::mem::transmute::<usize, unsafe extern "C" fn(_)>(run))
                }
            }
        };
        let part =
            has_part.then(|| Part { compile: Mutex::new(Some(compile_part)), compiled: OnceLock::new() });
        Ok(Self { entry, groups, most_together, sites, memories, part, _object: object })
    }

    /// Whether it has [`PART`].
    pub(super) fn has_part(&self) -> bool {
        self.part.is_some()
    }

    /// [`PART`], compiled if it has not been.
    pub(crate) fn part(&self) -> Result<RunPart, PipelineError> {
        let internal = |message: String| PipelineError::from(CompilerFailure::Internal(message));
        let part = self.part.as_ref().ok_or_else(|| internal("code without a part calls it".into()))?;
        let compile = || {
            let compile = part.compile.lock().unwrap_or_else(PoisonError::into_inner).take();
            let compile = compile.ok_or_else(|| internal("a part is compiled twice".into()))?;
            // Generated code may be waiting for it, through which no panic can go.
            let object = catch_unwind(AssertUnwindSafe(compile))
                .unwrap_or_else(|_| Err(internal("compiling a part panicked".into())))?;
            // SAFETY: the promise of the caller of `load`.
            let object = unsafe { LoadedObject::load(&object, &imports()) }.map_err(internal)?;
            let run = object.address(PART).map_err(internal)?;
            // SAFETY: as above: the symbol has this type.
            Ok((unsafe { std::mem::transmute::<usize, RunPart>(run) }, object))
        };
        part.compiled.get_or_init(compile).as_ref().map(|(run, _)| *run).map_err(Clone::clone)
    }

    /// Whether [`PART`] has been compiled.
    #[cfg(test)]
    pub(crate) fn has_compiled_part(&self) -> bool {
        self.part.as_ref().is_some_and(|part| part.compiled.get().is_some())
    }
}
