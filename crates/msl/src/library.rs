//! A compiled library: bitcode and the reflection of its kernels.

use std::sync::Arc;

use crate::llvm::Module;
use crate::reflect::{KernelEntry, read_kernels};
use crate::{CompileError, CompilerFailure, Diagnostic, FunctionReflection, LibraryError};

/// A compiled library: LLVM bitcode and the reflection of its kernels. A cheap handle.
#[derive(Clone)]
pub struct Library(Arc<LibraryInner>);

struct LibraryInner {
    bitcode: Vec<u8>,
    kernels: Vec<KernelEntry>,
    functions: Vec<FunctionReflection>,
    warnings: Vec<Diagnostic>,
}

impl Library {
    /// Makes a library of the front end's bitcode.
    pub(crate) fn from_bitcode(bitcode: Vec<u8>, warnings: Vec<Diagnostic>) -> Result<Self, LibraryError> {
        let module = Module::parse_bitcode(&bitcode).map_err(CompilerFailure::Internal)?;
        let kernels = read_kernels(&module).map_err(|mut errors| {
            errors.extend(warnings.iter().cloned());
            CompileError { diagnostics: errors }
        })?;
        drop(module);
        let functions = kernels.iter().map(|k| k.reflection.clone()).collect();
        Ok(Self(Arc::new(LibraryInner { bitcode, kernels, functions, warnings })))
    }

    /// The kernels, in the order of the source.
    pub fn functions(&self) -> &[FunctionReflection] {
        &self.0.functions
    }

    /// Warnings of the compilation.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.0.warnings
    }

    /// The library as LLVM bitcode, unoptimised.
    pub fn bitcode(&self) -> &[u8] {
        &self.0.bitcode
    }

    pub(crate) fn kernel(&self, name: &str) -> Option<&KernelEntry> {
        self.0.kernels.iter().find(|k| k.reflection.name == name)
    }
}

impl std::fmt::Debug for Library {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Library")
            .field("functions", &self.0.functions.iter().map(|f| &f.name).collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
