//! The file system that clang sees: an LLVM overlay with the files named, and nothing else.

use std::path::{Path, PathBuf};

use msl_types::CompilerFailure;

/// Files and directories by the names that clang sees.
#[derive(Debug, Default)]
pub(crate) struct Overlay {
    roots: Vec<String>,
}

impl Overlay {
    pub(crate) fn file(&mut self, name: &str, path: &Path) -> Result<(), CompilerFailure> {
        self.add("file", name, path)
    }

    pub(crate) fn directory(&mut self, name: &str, path: &Path) -> Result<(), CompilerFailure> {
        self.add("directory-remap", name, path)
    }

    fn add(&mut self, kind: &str, name: &str, path: &Path) -> Result<(), CompilerFailure> {
        let path = path.to_str().ok_or_else(|| CompilerFailure::Io {
            action: format!("passing {} to clang", path.display()),
            message: "the path is not UTF-8".into(),
        })?;
        self.roots.push(format!(
            "{{\"type\":\"{kind}\",\"name\":{},\"external-contents\":{}}}",
            quoted(name),
            quoted(path)
        ));
        Ok(())
    }

    /// Writes the description that `-ivfsoverlay` takes.
    pub(crate) fn write(&self, directory: &Path) -> Result<PathBuf, CompilerFailure> {
        // "redirect-only" is what keeps every other file of the machine away from the source.
        let text = format!(
            "{{\"version\":0,\"case-sensitive\":\"true\",\"use-external-names\":\"false\",\
             \"redirecting-with\":\"redirect-only\",\"roots\":[\n{}\n]}}\n",
            self.roots.join(",\n")
        );
        let path = directory.join("overlay.json");
        std::fs::write(&path, text).map_err(|e| CompilerFailure::Io {
            action: format!("writing {}", path.display()),
            message: e.to_string(),
        })?;
        Ok(path)
    }
}

/// A JSON string, which LLVM reads as YAML.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted() {
        assert_eq!(quoted("a\"b\\c\nd é"), "\"a\\\"b\\\\c\\u000ad é\"");
    }
}
