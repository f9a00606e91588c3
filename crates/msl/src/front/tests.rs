//! The front end as a whole, with the machine's clang.

use std::path::Path;

use msl_types::CompileOptions;

use super::*;

fn compiler(cache: &Path) -> Compiler {
    Compiler::new(CompilerConfig {
        cache_directory: CacheDirectory::At(cache.to_owned()),
        ..CompilerConfig::default()
    })
}

#[track_caller]
fn compile(source: &str) -> Compiled {
    let directory = tempfile::tempdir().unwrap();
    compiler(directory.path())
        .compile_to_bitcode(source, &CompileOptions::default())
        .unwrap_or_else(|e| panic!("{e}"))
}

#[track_caller]
fn errors(source: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    match compiler(directory.path()).compile_to_bitcode(source, &CompileOptions::default()) {
        Err(LibraryError::Compile(e)) => e.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_kernel_compiles() {
    let compiled = compile(
        "kernel void k(device float* x [[buffer(0)]], uint i [[thread_position_in_grid]]) { x[i] *= 2; }",
    );
    assert!(compiled.bitcode.starts_with(b"BC"));
    assert_eq!(compiled.warnings, []);
}

#[test]
fn errors_are_in_the_users_places_and_words() {
    assert_eq!(
        errors(
            "#include <metal_stdlib>\nusing namespace metal;\nkernel void k(device float* x [[buffer(0)]]) {\n  float4 y = x;\n}"
        ),
        "program_source:4:10: error: no viable conversion from 'device float *' to 'float4'\n  float4 y = x;\n         ^   ~"
    );
}
