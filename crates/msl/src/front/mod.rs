//! MSL source to unoptimised LLVM bitcode.
//!
//! The source and what it includes (`sources`) are rewritten token by token (`rewrite`) to C++ that clang
//! understands. clang runs as a process of its own under limits (`process`), with our own `<metal_stdlib>`
//! precompiled (`prelude`), in a file system that holds nothing but these files (`overlay`). Its messages are
//! put back into the user's places and words (`diagnostics`). What comes out is kept on disk (`cache`).
//!
//! ```
//! use msl::front::{Compiler, CompilerConfig};
//! use msl::{CompileOptions, LibraryError};
//!
//! let compiler = Compiler::new(CompilerConfig::default());
//! let result = compiler.compile("kernel void k(device int *x) { x[0] = y; }", &CompileOptions::default());
//! let Err(LibraryError::Compile(error)) = result else { panic!("{result:?}") };
//! let first = error.errors().next().unwrap();
//! assert_eq!((first.line, first.column), (1, 39));
//! ```

mod clang;
mod column_map;
mod config;
mod diagnostics;
mod edits;
mod flags;
mod missing;
mod overlay;
mod prelude;
mod process;
mod rewrite;
mod sources;
mod structure;
mod tokens;
mod words;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use msl_types::{CompileError, CompileOptions, CompilerFailure, Diagnostic, LibraryError};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

pub use config::{CacheDirectory, CompilerConfig};

use crate::Library;
use crate::cache::{Cache, Entry};
use crate::digest::{Digest, KeyBuilder};
use clang::Clang;
use edits::Rewritten;
use overlay::Overlay;
use prelude::Prelude;
use process::Limits;
use sources::Sources;

/// What the front end makes of a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Compiled {
    /// An LLVM 19 module for a target with numbered address spaces, not optimised.
    #[serde(with = "serde_bytes")]
    pub(crate) bitcode: Vec<u8>,
    /// Warnings and their notes.
    pub(crate) warnings: Vec<Diagnostic>,
}

/// Whatever it holds is compiled such that it can do no harm.
impl Entry for Compiled {
    const DIRECTORY: &str = "libraries";
    const TRUSTED: bool = false;
}

/// Compiles MSL source. Share one: it finds clang and prepares the headers once.
#[derive(Debug)]
pub struct Compiler {
    config: CompilerConfig,
    cache: Arc<Cache>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Prepared headers by clang and flags.
    preludes: HashMap<Digest, Prelude>,
    /// Holds the headers where there is no cache directory.
    temporary: Option<TempDir>,
}

impl Compiler {
    /// A compiler with this configuration. Looks for nothing yet: a missing clang is an error of
    /// [`compile`](Self::compile).
    pub fn new(config: CompilerConfig) -> Self {
        let cache = Arc::new(Cache::new(&config.cache_directory, config.cache_size_limit));
        Self { config, cache, state: Mutex::default() }
    }

    /// Compiles a library from source.
    ///
    /// # Errors
    ///
    /// [`LibraryError::Compile`] if the source has errors; [`LibraryError::Compiler`] if clang is missing, has
    /// another version, crashes, or needs more time or memory than it may take.
    #[doc(alias = "newLibraryWithSource:options:error:")]
    #[doc(alias = "NewLibraryWithSource")]
    pub fn compile(&self, source: &str, options: &CompileOptions) -> Result<Library, LibraryError> {
        let compiled = self.compile_to_bitcode(source, options)?;
        Library::new(compiled, self.cache.clone()).map_err(|error| match error {
            LibraryError::Compile(error) => {
                CompileError { diagnostics: diagnostics::complete(error.diagnostics, source, options) }.into()
            }
            error => error,
        })
    }

    /// Compiles source to bitcode, or takes it from the cache.
    pub(crate) fn compile_to_bitcode(
        &self,
        source: &str,
        options: &CompileOptions,
    ) -> Result<Compiled, LibraryError> {
        // How deep files may include each other by names that macros make.
        const MOST_COMPUTED_ROUNDS: usize = 16;
        let limits = self.limits();
        let mut sources = Sources::gather(source, options)?;
        let clang = clang::find(self.config.clang.as_deref(), &self.cache, limits)?;
        let key = library_key(&clang, &sources, options);
        if let Some(compiled) = self.cache.get(key) {
            return Ok(compiled);
        }
        let mut is_complete = true;
        let mut rewritten = sources.rewrite();
        let mut tried = HashSet::new();
        let mut computed_rounds = 0;
        let mut repaired = false;
        loop {
            let prelude = self.prelude(&clang, options)?;
            let output = run_clang(&clang, &prelude, &sources, &rewritten, options, limits)?;
            let messages = diagnostics::parse(&output.stderr);
            // What includes name by macros is only known now. The key does not cover such files.
            if computed_rounds < MOST_COMPUTED_ROUNDS
                && sources.add_computed(&diagnostics::missing_files(&messages))?
            {
                computed_rounds += 1;
                is_complete = false;
                rewritten = sources.rewrite();
                tried.clear();
                continue;
            }
            let insertions = diagnostics::conditional_operands(&messages, &sources, &rewritten, &mut tried);
            if !insertions.is_empty() {
                for (file, insertions) in insertions {
                    rewritten[file].insert_all(insertions);
                }
                continue;
            }
            let report = diagnostics::report(&messages, &sources, &rewritten);
            if output.status.success() && !report.has_errors() {
                let compiled = Compiled { bitcode: output.stdout, warnings: report.diagnostics };
                if is_complete {
                    self.cache.set(key, &compiled);
                }
                return Ok(compiled);
            }
            if cannot_read_headers(&output.stderr) && !repaired {
                repaired = true;
                self.forget(&clang, options);
                continue;
            }
            // An error that is nowhere is about clang's arguments or files, not about the source.
            let about_source = diagnostics::has_located_error(&messages);
            if report.has_errors() && about_source && matches!(output.status.code(), Some(0 | 1)) {
                return Err(CompileError { diagnostics: report.diagnostics }.into());
            }
            let (status, stderr) = (process::describe(output.status), diagnostics::tail(&output.stderr));
            return Err(CompilerFailure::Crashed { status, stderr }.into());
        }
    }

    fn limits(&self) -> Limits {
        let time = self.config.time_limit;
        // A limit beyond the clock's range is as good as a day.
        let day = std::time::Duration::from_secs(24 * 3600);
        let now = Instant::now();
        let deadline = now.checked_add(time).unwrap_or(now + day);
        Limits { deadline, time, memory_mib: self.config.memory_limit_mib }
    }

    /// The headers for these options; makes them if they are missing.
    fn prelude(&self, clang: &Clang, options: &CompileOptions) -> Result<Prelude, CompilerFailure> {
        let key = Prelude::key(clang, options);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(prelude) = state.preludes.get(&key).filter(|p| p.exists()) {
            return Ok(prelude.clone());
        }
        let cached = self.cache.root().map(|root| Prelude::prepare(root, clang, options, self.limits()));
        let prelude = match cached {
            Some(Ok(prelude)) => prelude,
            // Where the cache cannot be written, a temporary directory serves.
            None | Some(Err(CompilerFailure::Io { .. })) => {
                let directory = match &state.temporary {
                    Some(directory) => directory.path().to_owned(),
                    None => state.temporary.insert(temporary_directory()?).path().to_owned(),
                };
                Prelude::prepare(&directory, clang, options, self.limits())?
            }
            Some(Err(e)) => return Err(e),
        };
        state.preludes.insert(key, prelude.clone());
        Ok(prelude)
    }

    /// Removes headers that clang could not read.
    fn forget(&self, clang: &Clang, options: &CompileOptions) {
        let key = Prelude::key(clang, options);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(prelude) = state.preludes.remove(&key) {
            prelude.remove();
        }
    }
}

/// Everything that the result depends on.
fn library_key(clang: &Clang, sources: &Sources, options: &CompileOptions) -> Digest {
    let mut key = KeyBuilder::default()
        .part("library 1")
        .part(env!("MSL_FRONT_SOURCE"))
        .part(clang.identity.bytes())
        .part(prelude::digest().bytes());
    for flag in flags::compile(options, sources.directory_count(), None, sources::MAIN) {
        key = key.part(flag);
    }
    for file in &sources.files {
        key = key.part(&file.name).part(&file.text);
    }
    for (name, file) in &sources.names {
        key = key.part(name).part(file.to_le_bytes());
    }
    key.finish()
}

fn temporary_directory() -> Result<TempDir, CompilerFailure> {
    tempfile::Builder::new().prefix("metal-bridge-").tempdir().map_err(|e| CompilerFailure::Io {
        action: "making a temporary directory".into(),
        message: e.to_string(),
    })
}

/// clang's compiler proper, which sees nothing but the overlay's files.
fn clang_command(clang: &Clang, overlay: &Path) -> Command {
    let mut command = Command::new(&clang.path);
    command
        .arg("-cc1")
        .arg("-ivfsoverlay")
        .arg(overlay)
        .env("LC_ALL", "C")
        .env("LLVM_DISABLE_SYMBOLIZATION", "1")
        .current_dir(std::env::temp_dir());
    command
}

fn run_clang(
    clang: &Clang,
    prelude: &Prelude,
    sources: &Sources,
    rewritten: &[Rewritten],
    options: &CompileOptions,
    limits: Limits,
) -> Result<process::Output, CompilerFailure> {
    let directory = temporary_directory()?;
    let mut overlay = Overlay::default();
    prelude.add_to(&mut overlay)?;
    let mut paths: Vec<PathBuf> = Vec::new();
    for (index, file) in rewritten.iter().enumerate() {
        let path = directory.path().join(index.to_string());
        std::fs::write(&path, with_name(&sources.files[index].name, &file.text)).map_err(|e| {
            CompilerFailure::Io { action: format!("writing {}", path.display()), message: e.to_string() }
        })?;
        paths.push(path);
    }
    for (name, file) in &sources.names {
        overlay.file(name, &paths[*file])?;
    }
    let overlay = overlay.write(directory.path())?;
    let macros = sources.names.contains_key(sources::MACROS).then_some(sources::MACROS);
    let mut command = clang_command(clang, &overlay);
    command.args(flags::compile(options, sources.directory_count(), macros, sources::MAIN));
    process::run(&mut command, limits)
}

/// Puts the name of the user's file in front, for `__FILE__` and debug information.
fn with_name(name: &str, text: &str) -> String {
    let mut line = String::from("# 1 \"");
    for c in name.chars() {
        match c {
            '"' | '\\' => line.extend(['\\', c]),
            c if c.is_control() => line.push('?'),
            c => line.push(c),
        }
    }
    line + "\"\n" + text
}

/// Whether clang complains of the precompiled header, not of the source.
fn cannot_read_headers(stderr: &str) -> bool {
    let signs = ["PCH file", "precompiled header", "malformed or corrupted", "AST file", "open file '/msl/"];
    stderr.lines().any(|l| l.contains("error: ") && signs.iter().any(|s| l.contains(s)))
}

/// Whether debug information calls this file by the name of one of our own headers.
pub(crate) fn is_header(file: &Path) -> bool {
    file.starts_with(flags::HEADERS)
}

#[cfg(test)]
mod tests;
