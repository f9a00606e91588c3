//! The words that the Metal Shading Language compiler ([`msl`]) and the public API (`metal_bridge`) share.
//!
//! The compiler links LLVM; the API must also build where LLVM is absent (macOS, where Metal compiles
//! the source itself). So everything that a caller sees of a compilation is plain data and lives here:
//!
//! * [`options`]: what to compile with;
//! * [`diagnostic`]: what was wrong with the source, or with the compiler;
//! * [`data_type`]: MSL's scalar and vector types, and values of them for function constants;
//! * [`reflection`]: what a compiled function takes;
//! * [`log`]: what the compiler has to say of a function that it made ready to run;
//! * [`fault`]: what went wrong while a kernel ran.
//!
//! [`msl`]: https://docs.rs/msl

pub mod data_type;
pub mod diagnostic;
pub mod fault;
pub mod log;
pub mod options;
pub mod reflection;

/// Of this crate: what is kept of its types on disk is only read with the same.
#[doc(hidden)]
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

pub use data_type::{ConstantValue, DataType, FunctionConstantValues, ScalarType};
pub use diagnostic::{CompileError, CompilerFailure, Diagnostic, LibraryError, PipelineError, Severity};
pub use fault::{FaultKind, KernelFault, Memory, SourceLocation};
pub use log::{PipelineLog, Remark};
pub use options::{CompileOptions, LanguageVersion, MathMode, Stage};
pub use reflection::{Access, Argument, ArgumentKind, FunctionConstant, FunctionReflection};
