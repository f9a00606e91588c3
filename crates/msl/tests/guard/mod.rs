//! Buffers between guard pages.

mod loops;
mod memory;
mod patterns;
mod reach;
mod special;

use libtest_mimic::Trial;
use msl::{CompileOptions, Compiler, CompilerConfig, Library, LibraryError};

pub(crate) fn tests() -> Vec<Trial> {
    let patterns = patterns::PATTERNS.iter().map(|pattern| {
        Trial::test(format!("reach::{}", pattern.name), || reach::check(pattern).map_err(Into::into))
    });
    let special = special::CASES.iter().map(|case| {
        Trial::test(format!("special::{}", case.name), || special::check(case).map_err(Into::into))
    });
    let loops = loops::LOOPS
        .iter()
        .map(|test| Trial::test(format!("loops::{}", test.name), || loops::check(test).map_err(Into::into)));
    patterns.chain(special).chain(loops).collect()
}

/// Compiles a source; what is compiled is not kept, but for the headers.
fn compile(source: &str) -> Result<Library, String> {
    let compiler = Compiler::new(CompilerConfig { cache_size_limit: 0, ..CompilerConfig::default() });
    compiler.compile(source, &CompileOptions::default()).map_err(|error| match error {
        LibraryError::Compile(e) => format!("{e}\n{source}"),
        LibraryError::Compiler(e) => e.to_string(),
    })
}
