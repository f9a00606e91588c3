//! Says what to install where there is no LLVM. Lists the files of `include/`, so that the crate carries them, and
//! identifies the source of the front end, and of the whole compiler, so that what another version compiled is not taken
//! from a cache.

use std::collections::hash_map::DefaultHasher;
use std::fmt::Write as _;
use std::hash::Hasher as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    require_llvm();
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let output = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    list_headers(&root.join("include"), &output.join("headers.rs"));

    println!("cargo::rustc-env=MSL_FRONT_SOURCE={:016x}", hash(&[root.join("src/front")]));
    // The types are in a crate of their own, which changes with this one in a checkout.
    let compiler = [root.join("src"), root.join("../msl-types/src")];
    println!("cargo::rustc-env=MSL_SOURCE={:016x}", hash(&compiler));
}

/// Says what to install where the build script of `llvm-sys` has found no LLVM. That crate fails to compile then, with
/// advice that does not fit.
fn require_llvm() {
    let is_needed = env::var_os("CARGO_FEATURE_NO_LLVM_LINKING").is_none();
    // Its build script names the llvm-config that it has found, for the scripts of crates that depend on it.
    if is_needed && env::var_os("DEP_LLVM_19_CONFIG_PATH").is_none() {
        println!(
            "cargo::error=LLVM 19 with its headers was not found. Debian, Ubuntu: apt install llvm-19-dev clang-19 (in a \
             clone of metal-bridge, `cargo xtask setup` does it). An LLVM elsewhere: set LLVM_SYS_191_PREFIX to the \
             directory that has bin/llvm-config."
        );
    }
}

fn hash(directories: &[PathBuf]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for directory in directories.iter().filter(|d| d.is_dir()) {
        hash_files(directory, &mut hasher);
    }
    hasher.finish()
}

fn list_headers(directory: &Path, output: &Path) {
    println!("cargo::rerun-if-changed={}", directory.display());
    let mut list = String::from("&[\n");
    for path in files_of(directory) {
        let name = path.file_name().and_then(|n| n.to_str()).expect("headers have plain names");
        writeln!(list, "    ({name:?}, include_str!({path:?})),").expect("writing to a string");
    }
    list.push_str("]\n");
    fs::write(output, list).expect("the output directory is writable");
}

fn hash_files(directory: &Path, hasher: &mut DefaultHasher) {
    println!("cargo::rerun-if-changed={}", directory.display());
    for path in files_of(directory) {
        if path.is_dir() {
            hash_files(&path, hasher);
        } else {
            hasher.write(&fs::read(&path).expect("the crate's files are readable"));
        }
    }
}

fn files_of(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).expect("the crate has its directories");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
    paths.retain(|p| p.file_name().and_then(|n| n.to_str()).is_some_and(|n| !n.starts_with('.')));
    paths.sort();
    paths
}
