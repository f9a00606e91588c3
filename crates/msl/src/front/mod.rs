//! MSL source to LLVM bitcode.

use crate::{CompileOptions, Library, LibraryError};

/// Where the compiler finds its tools and keeps its cache.
#[derive(Clone, Debug, Default)]
pub struct CompilerConfig {}

/// Compiles MSL source. Share one: it finds clang once.
#[derive(Debug)]
pub struct Compiler {}

impl Compiler {
    /// A compiler with this configuration. Looks for nothing yet: a missing clang is an error of
    /// [`compile`](Self::compile).
    pub fn new(_config: CompilerConfig) -> Self {
        Self {}
    }

    /// Compiles a library from source.
    pub fn compile(&self, _source: &str, _options: &CompileOptions) -> Result<Library, LibraryError> {
        Err(crate::CompilerFailure::Internal("not built yet".into()).into())
    }
}

/// Whether diagnostics call this file by the name of one of our own headers.
pub(crate) fn is_header(file: &str) -> bool {
    file.contains("msl-include")
}
