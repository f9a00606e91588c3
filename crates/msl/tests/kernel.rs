//! Reads every `.kernel` file under `tests/kernel`: the compiler's own form of kernels as text.
//!
//! A file without a header is legal, and is printed exactly as it stands. A file that starts with a line
//! `//! error: PART … PART` is refused with a message that has these parts, in this order. More lines `//!` are comments.

#[path = "harness/files.rs"]
mod files;

use std::path::Path;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kernel");
    let trials = files::below(&root, "kernel")
        .into_iter()
        .map(|path| Trial::test(files::test_name(&root, &path), move || check(&path).map_err(Into::into)))
        .collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn check(path: &Path) -> Result<(), String> {
    let file = std::fs::read_to_string(path).map_err(|e| e.to_string())?;
    let header: Vec<&str> = file.lines().take_while(|line| line.starts_with("//!")).collect();
    let text: String = file.split_inclusive('\n').skip(header.len()).collect();
    let expected = header.iter().find_map(|line| line.strip_prefix("//! error: "));
    match (msl::read_kernel(&text), expected) {
        (Ok(printed), None) if printed == text => Ok(()),
        (Ok(printed), None) => Err(format!("printed as\n{printed}")),
        (Err(error), None) => Err(error),
        (Ok(_), Some(expected)) => Err(format!("accepted; expected the error `{expected}`")),
        (Err(error), Some(expected)) => {
            let mut rest = error.as_str();
            for part in expected.split(" … ") {
                let Some((_, after)) = rest.split_once(part) else {
                    return Err(format!("error `{error}` does not have `{expected}`"));
                };
                rest = after;
            }
            Ok(())
        }
    }
}
