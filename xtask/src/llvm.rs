//! Finding clang 19 and LLVM 19 on this machine.

use std::path::{Path, PathBuf};

use crate::command::output;

/// The major version that the compiler is written for.
const MAJOR: &str = "19";

/// The variable in which `llvm-sys` takes LLVM's prefix.
pub(crate) const PREFIX_VARIABLE: &str = "LLVM_SYS_191_PREFIX";
/// The variable in which metal-bridge takes clang's path.
pub(crate) const CLANG_VARIABLE: &str = "METAL_BRIDGE_CLANG";

/// Prefixes where systems put LLVM 19 without putting its tools on the search path.
const KNOWN_PREFIXES: [&str; 5] = [
    "/usr/lib/llvm-19",
    "/usr/lib/llvm19",
    "/usr/lib64/llvm19",
    "/opt/homebrew/opt/llvm@19",
    "/usr/local/opt/llvm@19",
];

/// A tool that was found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Whoever needs it finds it without help.
    ByItself(PathBuf),
    /// Whoever needs it must be told the path through a variable.
    At(PathBuf),
}

/// Why a tool cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// It is not here.
    NotFound,
    /// The user named one in a variable, and that one is of no use.
    Wrong(String),
}

/// Looks for LLVM's development files. `Found::At` holds the prefix.
pub(crate) fn find_llvm() -> Result<Found, Missing> {
    if let Some(prefix) = std::env::var_os(PREFIX_VARIABLE) {
        let prefix = PathBuf::from(prefix);
        return match usable_prefix(&prefix) {
            true => Ok(Found::ByItself(prefix)),
            false => Err(Missing::Wrong(format!(
                "{PREFIX_VARIABLE} is set to {}, where there is no LLVM {MAJOR} with its development files \
                 (bin/llvm-config, headers, library); correct or unset it",
                prefix.display()
            ))),
        };
    }
    // The names and the order in which llvm-sys looks.
    for name in ["llvm-config", "llvm-config-19", "llvm-config19"] {
        if usable_config(Path::new(name)) {
            return Ok(Found::ByItself(name.into()));
        }
    }
    let prefix = KNOWN_PREFIXES.map(PathBuf::from).into_iter().find(|prefix| usable_prefix(prefix));
    prefix.map(Found::At).ok_or(Missing::NotFound)
}

/// Looks for clang. `Found::At` holds the program's path.
pub(crate) fn find_clang() -> Result<Found, Missing> {
    if let Some(path) = std::env::var_os(CLANG_VARIABLE) {
        let path = PathBuf::from(path);
        return match usable_clang(&path) {
            true => Ok(Found::ByItself(path)),
            false => Err(Missing::Wrong(format!(
                "{CLANG_VARIABLE} is set to {}, which is not a clang {MAJOR} that runs; correct or unset it",
                path.display()
            ))),
        };
    }
    for name in ["clang-19", "clang"] {
        if usable_clang(Path::new(name)) {
            return Ok(Found::ByItself(name.into()));
        }
    }
    let programs = KNOWN_PREFIXES.map(|prefix| Path::new(prefix).join("bin/clang"));
    programs.into_iter().find(|path| usable_clang(path)).map(Found::At).ok_or(Missing::NotFound)
}

/// How to start clang, once it was found.
pub(crate) fn clang() -> PathBuf {
    match find_clang() {
        Ok(Found::ByItself(path) | Found::At(path)) => path,
        Err(_) => "clang-19".into(),
    }
}

/// How to start another of LLVM's tools, once LLVM was found.
pub(crate) fn tool(name: &str) -> PathBuf {
    let directory = match find_llvm() {
        Ok(Found::ByItself(path) | Found::At(path)) if path.is_dir() => Some(path.join("bin")),
        Ok(Found::ByItself(config) | Found::At(config)) => {
            output(config, &["--bindir"]).map(|directory| directory.trim().into())
        }
        Err(_) => None,
    };
    directory.map_or_else(|| name.into(), |directory: PathBuf| directory.join(name))
}

fn usable_prefix(prefix: &Path) -> bool {
    ["llvm-config", "llvm-config-19"].iter().any(|name| usable_config(&prefix.join("bin").join(name)))
}

/// Whether this `llvm-config` is of the right version and its headers and libraries are there as well:
/// distributions put the tool, the headers and the libraries in different packages.
fn usable_config(config: &Path) -> bool {
    let Some(version) = output(config, &["--version"]) else { return false };
    let Some(include) = output(config, &["--includedir"]) else { return false };
    has_major(version.trim())
        && Path::new(include.trim()).join("llvm-c/Core.h").is_file()
        && output(config, &["--libs"]).is_some()
}

fn usable_clang(clang: &Path) -> bool {
    output(clang, &["--version"]).is_some_and(|text| clang_version(&text).is_some_and(has_major))
}

/// The version in what `clang --version` prints. Apple's clang has a numbering of its own: none for it.
fn clang_version(text: &str) -> Option<&str> {
    let (vendor, rest) = text.lines().next()?.split_once("clang version ")?;
    (!vendor.contains("Apple")).then(|| rest.split_whitespace().next().unwrap_or_default())
}

fn has_major(version: &str) -> bool {
    version.split('.').next() == Some(MAJOR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_clang() {
        assert_eq!(clang_version("Debian clang version 19.1.7 (3~deb12u1)\nTarget: x"), Some("19.1.7"));
        assert_eq!(clang_version("clang version 20.0.0git"), Some("20.0.0git"));
        assert_eq!(clang_version("Apple clang version 19.0.0 (clang-1900.0.1)"), None);
        assert_eq!(clang_version("gcc (Debian 12.2.0)"), None);
        assert_eq!(clang_version(""), None);
    }

    #[test]
    fn major_is_the_whole_first_number() {
        assert!(has_major("19.1.7"));
        assert!(!has_major("190.0"));
        assert!(!has_major("1.9"));
    }

    #[test]
    fn a_directory_without_llvm_is_no_prefix() {
        assert!(!usable_prefix(Path::new("/nonexistent")));
    }
}
