//! Runs every `.metal` file under `tests/filetests` as one test; `tests/filetests/README.md` has the format.

mod harness;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/filetests");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    assert!(!files.is_empty(), "no .metal files under {}", root.display());
    let checks = std::iter::once(Trial::test("harness", || harness::check_itself().map_err(Into::into)));
    let trials = files
        .into_iter()
        .map(|path| {
            let relative = path.strip_prefix(&root).unwrap_or(&path).with_extension("");
            let name = relative.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
            Trial::test(name, move || harness::run_file(&path).map_err(Into::into))
        })
        .chain(checks)
        .collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// Adds all `.metal` files below `directory`. Directories named `include` hold headers for the files beside them.
fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(directory).unwrap_or_else(|e| panic!("{}: {e}", directory.display()));
    for entry in entries {
        let path = entry.unwrap_or_else(|e| panic!("{}: {e}", directory.display())).path();
        if path.is_dir() {
            if path.file_name().is_some_and(|n| n != "include") {
                collect(&path, files);
            }
        } else if path.extension().is_some_and(|e| e == "metal") {
            files.push(path);
        }
    }
}
