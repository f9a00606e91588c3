//! Finding test files.

use std::path::{Path, PathBuf};

/// All files below a directory with an extension, sorted. Directories named `include` hold headers for the files
/// beside them and are left out.
///
/// # Panics
///
/// If there is no such file: a test of nothing would pass.
pub(crate) fn below(root: &Path, extension: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut pending = vec![root.to_owned()];
    while let Some(directory) = pending.pop() {
        let entries =
            std::fs::read_dir(&directory).unwrap_or_else(|e| panic!("{}: {e}", directory.display()));
        for entry in entries {
            let path = entry.unwrap_or_else(|e| panic!("{}: {e}", directory.display())).path();
            if !path.is_dir() {
                if path.extension().is_some_and(|e| e == extension) {
                    files.push(path);
                }
            } else if path.file_name().is_some_and(|name| name != "include") {
                pending.push(path);
            }
        }
    }
    assert!(!files.is_empty(), "no .{extension} files below {}", root.display());
    files.sort();
    files
}

/// What a test of a file is called: its path below `root`, without the extension.
pub(crate) fn test_name(root: &Path, path: &Path) -> String {
    let relative = path.strip_prefix(root).unwrap_or(path).with_extension("");
    relative.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")
}
