//! Runs every `.metal` file under `tests/filetests` as one test; `tests/filetests/README.md` has the format.

mod harness;

use std::path::Path;
use std::process::ExitCode;

use harness::files;
use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/filetests");
    let checks = std::iter::once(Trial::test("harness", || harness::check_itself().map_err(Into::into)));
    let trials = files::below(&root, "metal")
        .into_iter()
        .map(|path| {
            Trial::test(files::test_name(&root, &path), move || harness::run_file(&path).map_err(Into::into))
        })
        .chain(checks)
        .collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
