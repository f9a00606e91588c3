//! A compiled library: bitcode and the reflection of its kernels.

use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use crate::cache::{Cache, Entry};
use crate::digest::{Digest, KeyBuilder};
use crate::front::Compiled;
use crate::llvm::Module;
use crate::reflect::{KernelEntry, read_kernels};
use crate::{CompileError, CompilerFailure, Diagnostic, FunctionReflection, LibraryError};

/// A compiled library: LLVM bitcode and the reflection of its kernels. A cheap handle.
#[derive(Clone)]
pub struct Library(Arc<LibraryInner>);

struct LibraryInner {
    bitcode: Vec<u8>,
    digest: OnceLock<Digest>,
    kernels: Vec<KernelEntry>,
    functions: Vec<FunctionReflection>,
    warnings: Vec<Diagnostic>,
    /// Where what is made of the library is kept.
    cache: Arc<Cache>,
}

/// What the kernels of a library take.
#[derive(Serialize, Deserialize)]
pub(crate) struct Reflection(Vec<KernelEntry>);

/// Code is generated as it says.
impl Entry for Reflection {
    const DIRECTORY: &str = "reflections";
    const TRUSTED: bool = true;
}

impl Reflection {
    /// The key by the bitcode.
    pub(crate) fn key(bitcode: Digest) -> Digest {
        KeyBuilder::of_compiler("reflection").part(bitcode.bytes()).finish()
    }

    #[cfg(test)]
    pub(crate) fn of(library: &Library) -> Self {
        Self(library.0.kernels.clone())
    }
}

impl Library {
    /// Makes a library of what the front end has made.
    pub(crate) fn new(compiled: Compiled, cache: Arc<Cache>) -> Result<Self, LibraryError> {
        let Compiled { bitcode, warnings } = compiled;
        let library = LibraryInner {
            bitcode,
            digest: OnceLock::new(),
            kernels: Vec::new(),
            functions: Vec::new(),
            warnings,
            cache,
        };
        let kernels = library.kernels()?;
        let functions = kernels.iter().map(|k| k.reflection.clone()).collect();
        Ok(Self(Arc::new(LibraryInner { kernels, functions, ..library })))
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

    /// Of the bitcode.
    pub(crate) fn digest(&self) -> Digest {
        self.0.digest()
    }

    pub(crate) fn cache(&self) -> &Cache {
        &self.0.cache
    }

    pub(crate) fn kernel(&self, name: &str) -> Option<&KernelEntry> {
        self.0.kernels.iter().find(|k| k.reflection.name == name)
    }
}

impl LibraryInner {
    fn digest(&self) -> Digest {
        *self.digest.get_or_init(|| Digest::of(&self.bitcode))
    }

    /// Reads the kernels from the bitcode, or takes what was read from the same bitcode before.
    fn kernels(&self) -> Result<Vec<KernelEntry>, LibraryError> {
        let key = self.cache.root().map(|_| Reflection::key(self.digest()));
        if let Some(Reflection(kernels)) = key.and_then(|key| self.cache.get(key)) {
            return Ok(kernels);
        }
        let module = Module::parse_bitcode(&self.bitcode).map_err(CompilerFailure::Internal)?;
        let kernels = read_kernels(&module).map_err(|mut errors| {
            errors.extend(self.warnings.iter().cloned());
            CompileError { diagnostics: errors }
        })?;
        let reflection = Reflection(kernels);
        if let Some(key) = key {
            self.cache.set(key, &reflection);
        }
        Ok(reflection.0)
    }
}

impl std::fmt::Debug for Library {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Library")
            .field("functions", &self.0.functions.iter().map(|f| &f.name).collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
