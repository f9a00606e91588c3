//! Reads every `.kernel` file under `tests/kernel`: the compiler's own form of kernels as text.
//!
//! A file without a header is legal, and is printed exactly as it stands. A file that starts with a line
//! `//! error: PART … PART` is refused with a message that has these parts, in this order. More lines `//!` are comments.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kernel");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    assert!(!files.is_empty(), "no .kernel files under {}", root.display());
    let trials = files
        .into_iter()
        .map(|path| {
            let relative = path.strip_prefix(&root).unwrap_or(&path).with_extension("");
            let name = relative.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
            Trial::test(name, move || check(&path).map_err(Into::into))
        })
        .collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(directory).unwrap_or_else(|e| panic!("{}: {e}", directory.display()));
    for entry in entries {
        let path = entry.unwrap_or_else(|e| panic!("{}: {e}", directory.display())).path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|e| e == "kernel") {
            files.push(path);
        }
    }
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
