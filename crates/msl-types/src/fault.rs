//! What went wrong while a kernel ran.
//!
//! ```
//! use msl_types::{Access, ArgumentKind, FaultKind, KernelFault, Memory};
//!
//! let memory = Memory::Argument { name: "out".into(), kind: ArgumentKind::Device, index: 2 };
//! let access = Access::ReadWrite;
//! let fault = KernelFault {
//!     kernel: "add".into(),
//!     kind: FaultKind::OutOfBounds { memory, offset: 400, size: 4, length: 400, access },
//!     thread_position_in_grid: Some([100, 0, 0]),
//!     location: None,
//! };
//! assert_eq!(
//!     fault.to_string(),
//!     "kernel `add`, thread (100, 0, 0) in grid: write of 4 bytes at byte offset 400 of buffer 2 (`out`), \
//!      which has 400 bytes"
//! );
//! ```

use std::fmt;
use std::time::Duration;

use crate::reflection::{Access, ArgumentKind};

/// The memory that a pointer was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Memory {
    /// What is bound to an argument.
    Argument {
        /// The parameter's name in the source.
        name: String,
        /// Which memory.
        kind: ArgumentKind,
        /// Buffer index, or threadgroup-memory index.
        index: u32,
    },
    /// A variable of the kernel: in threadgroup memory, of one thread, or a constant at program scope.
    Variable {
        /// Its name in the source, as far as the compiler kept it.
        name: String,
    },
    /// A pointer that was read from memory or made from an integer, and leads nowhere.
    Unknown,
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument { name, kind: ArgumentKind::Threadgroup, index } => {
                write!(f, "threadgroup memory {index} (`{name}`)")
            }
            Self::Argument { name, index, .. } => write!(f, "buffer {index} (`{name}`)"),
            Self::Variable { name } => write!(f, "variable `{name}`"),
            Self::Unknown => f.write_str("unknown memory"),
        }
    }
}

/// A place in the user's source.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SourceLocation {
    /// `program_source`, or the path of an included file.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1; 0 if unknown.
    pub column: u32,
}

impl fmt::Display for SourceLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)?;
        if self.column > 0 {
            write!(f, ":{}", self.column)?;
        }
        Ok(())
    }
}

/// What a thread of a kernel did wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// It reached outside of the memory it was given; the access was not performed.
    OutOfBounds {
        /// The memory that it was given.
        memory: Memory,
        /// Byte offset of the access from the start of that memory (from the bound offset, for a buffer).
        offset: i64,
        /// Bytes accessed.
        size: u64,
        /// Bytes there are.
        length: u64,
        /// Read, or write.
        access: Access,
    },
    /// It wrote to memory that it was given for reading only; nothing was written.
    WriteToReadOnly {
        /// The memory.
        memory: Memory,
        /// Byte offset of the access, as above.
        offset: i64,
        /// Bytes accessed.
        size: u64,
    },
    /// It ran on after the time limit.
    TimedOut {
        /// The limit.
        limit: Duration,
    },
    /// Code that some of its threads need, and that is compiled when they do, could not be compiled.
    NotCompiled {
        /// Why not.
        message: String,
    },
    /// It reached a place that the source declares unreachable.
    Unreachable,
}

/// The first fault of a dispatch. Other threads may have run before or after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelFault {
    /// The kernel's name.
    pub kernel: String,
    /// What happened.
    pub kind: FaultKind,
    /// `thread_position_in_grid` of the thread, if one is to blame.
    pub thread_position_in_grid: Option<[u32; 3]>,
    /// Where in the source.
    pub location: Option<SourceLocation>,
}

impl fmt::Display for KernelFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "kernel `{}`", self.kernel)?;
        if let Some(location) = &self.location {
            write!(f, " at {location}")?;
        }
        if let Some([x, y, z]) = self.thread_position_in_grid {
            write!(f, ", thread ({x}, {y}, {z}) in grid")?;
        }
        match &self.kind {
            FaultKind::OutOfBounds { memory, offset, size, length, access } => {
                let verb = match access {
                    Access::ReadOnly => "read",
                    Access::ReadWrite => "write",
                };
                write!(
                    f,
                    ": {verb} of {size} bytes at byte offset {offset} of {memory}, which has {length} bytes"
                )
            }
            FaultKind::WriteToReadOnly { memory, offset, size } => {
                write!(f, ": write of {size} bytes at byte offset {offset} of {memory}, which is read-only")
            }
            FaultKind::TimedOut { limit } => write!(f, ": still running after its time limit of {limit:?}"),
            FaultKind::NotCompiled { message } => {
                write!(f, ": code that it needs was not compiled: {message}")
            }
            FaultKind::Unreachable => f.write_str(": reached code that the source says is unreachable"),
        }
    }
}

impl std::error::Error for KernelFault {}
