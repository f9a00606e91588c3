//! What was wrong with the source, with the compiler, or with the request for a pipeline.
//!
//! ```
//! use msl_types::{CompileError, Diagnostic, Severity};
//!
//! let error = CompileError {
//!     diagnostics: vec![Diagnostic {
//!         severity: Severity::Error,
//!         file: "program_source".into(),
//!         line: 3,
//!         column: 5,
//!         message: "use of undeclared identifier 'x'".into(),
//!         snippet: "    x = 1;\n    ^".into(),
//!     }],
//! };
//! let text = "program_source:3:5: error: use of undeclared identifier 'x'\n    x = 1;\n    ^";
//! assert_eq!(error.to_string(), text);
//! ```

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::data_type::DataType;

/// How serious a [`Diagnostic`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Severity {
    /// Nothing was built.
    Error,
    /// Built, but look at it.
    Warning,
    /// Belongs to the diagnostic before it.
    Note,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        })
    }
}

/// One message about the user's source, in the user's own lines, columns and words.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Diagnostic {
    /// Error, warning or note.
    pub severity: Severity,
    /// `program_source`, or the path of an included file.
    pub file: String,
    /// Line, from 1; 0 where the message concerns no line.
    pub line: u32,
    /// Column in bytes, from 1; 0 where the message concerns no column.
    pub column: u32,
    /// What is wrong.
    pub message: String,
    /// The source line, a newline, and a line of carets and tildes under what is meant; empty if unknown.
    pub snippet: String,
}

impl fmt::Display for Diagnostic {
    /// `program_source:LINE:COL: error: …`, then the snippet, as Metal prints it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        write!(f, ": {}: {}", self.severity, self.message)?;
        if !self.snippet.is_empty() {
            write!(f, "\n{}", self.snippet)?;
        }
        Ok(())
    }
}

/// The source does not compile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompileError {
    /// All errors, warnings and notes, in the order in which the compiler met them; at least one error.
    pub diagnostics: Vec<Diagnostic>,
}

impl CompileError {
    /// The errors alone.
    pub fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics.iter().filter(|d| d.severity == Severity::Error)
    }
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, diagnostic) in self.diagnostics.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            diagnostic.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for CompileError {}

/// The compiler itself could not do its work; the source may be fine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompilerFailure {
    /// No clang was found.
    #[error("clang 19 was not found (looked for {}); install it (Debian, Ubuntu: apt install clang-19) or set METAL_BRIDGE_CLANG to its path", searched.join(", "))]
    NotFound {
        /// Names and paths that were tried.
        searched: Vec<String>,
    },
    /// A clang was found, but not version 19.
    #[error("{} is not clang 19, but says `{found}`; install clang 19 (Debian, Ubuntu: apt install clang-19) or set METAL_BRIDGE_CLANG to its path", path.display())]
    WrongVersion {
        /// The program.
        path: PathBuf,
        /// What it says of its version.
        found: String,
    },
    /// Compiling took too long.
    #[error(
        "compiling was stopped after its time limit of {limit:?}; make the source smaller or raise METAL_BRIDGE_CLANG_SECONDS"
    )]
    TimedOut {
        /// The limit.
        limit: Duration,
    },
    /// Compiling needed too much memory.
    #[error(
        "compiling was stopped at its memory limit of {limit_mib} MiB; make the source smaller or raise METAL_BRIDGE_CLANG_MEMORY_MIB"
    )]
    OutOfMemory {
        /// The limit in MiB.
        limit_mib: u64,
    },
    /// clang ended abnormally.
    #[error("clang crashed ({status}): {stderr}")]
    Crashed {
        /// Exit code or signal.
        status: String,
        /// The end of what it printed.
        stderr: String,
    },
    /// Apple's compiler failed, or was asked for what it cannot do.
    #[error("Metal's compiler: {0}")]
    Metal(String),
    /// A file or process operation failed.
    #[error("{action}: {message}")]
    Io {
        /// What was being done.
        action: String,
        /// The system's message.
        message: String,
    },
    /// The compiled module is not what the compiler promises: a bug of ours or a mismatched clang.
    #[error("internal compiler error: {0}")]
    Internal(String),
}

/// Why no library could be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LibraryError {
    /// The source has errors.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// The compiler failed.
    #[error(transparent)]
    Compiler(#[from] CompilerFailure),
}

/// Why no pipeline could be made of a function.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PipelineError {
    /// The library has no such kernel.
    #[error("the library has no kernel `{name}`; it has {}", list(available))]
    UnknownFunction {
        /// The name asked for.
        name: String,
        /// The names there are.
        available: Vec<String>,
    },
    /// The kernel uses a function constant that has no value.
    #[error(
        "kernel `{kernel}` needs a value for function constant `{constant}` (index {index}, type {data_type})"
    )]
    MissingConstant {
        /// The kernel.
        kernel: String,
        /// The constant's name in the source.
        constant: String,
        /// Its index.
        index: u32,
        /// Its type.
        data_type: DataType,
    },
    /// A function constant was given a value of another type.
    #[error(
        "kernel `{kernel}`: function constant `{constant}` (index {index}) has type {expected}, but the value given has type {got}"
    )]
    ConstantType {
        /// The kernel.
        kernel: String,
        /// The constant's name in the source.
        constant: String,
        /// Its index.
        index: u32,
        /// Its type in the source.
        expected: DataType,
        /// The type given.
        got: DataType,
    },
    /// The kernel uses something that cannot run.
    #[error("kernel `{kernel}`: {reason}")]
    Unsupported {
        /// The kernel.
        kernel: String,
        /// What, and where.
        reason: String,
    },
    /// The compiler failed.
    #[error(transparent)]
    Compiler(#[from] CompilerFailure),
}

fn list(names: &[String]) -> String {
    if names.is_empty() {
        return "no kernels".into();
    }
    const SHOWN: usize = 32;
    let mut text = names.iter().take(SHOWN).map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        text += &format!(" and {} more", names.len() - SHOWN);
    }
    text
}
