//! Finds clang 19.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, UNIX_EPOCH};

use msl_types::CompilerFailure;

use super::process::{self, Limits};
use crate::cache::Cache;
use crate::digest::{Digest, KeyBuilder};

/// The version that the flags, the diagnostics and the bitcode are made for.
const MAJOR: &str = "19";

/// Names looked for in `PATH`, best first.
const NAMES: [&str; 3] = ["clang-19", "clang++-19", "clang"];
/// Where packages put LLVM 19.
const PLACES: [&str; 4] = [
    "/usr/lib/llvm-19/bin/clang",
    "/usr/lib/llvm19/bin/clang",
    "/opt/homebrew/opt/llvm@19/bin/clang",
    "/usr/local/opt/llvm@19/bin/clang",
];

/// A clang of the right version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Clang {
    pub(crate) path: PathBuf,
    /// Differs between any two builds.
    pub(crate) identity: Digest,
}

/// Finds the clang to use. Asks each program for its version once, as long as the file does not change.
pub(crate) fn find(given: Option<&Path>, cache: &Cache, limits: Limits) -> Result<Clang, CompilerFailure> {
    let candidates = match given {
        // A plain name is looked for as a shell would.
        Some(path) if path.components().count() == 1 && !path.exists() => {
            let found = in_search_path(path);
            if found.is_empty() { vec![path.to_owned()] } else { found }
        }
        Some(path) => vec![path.to_owned()],
        None => {
            let named = NAMES.iter().flat_map(|name| in_search_path(Path::new(name)));
            named.chain(PLACES.iter().map(PathBuf::from)).collect()
        }
    };
    let mut failure = None;
    for path in &candidates {
        match examine(path, cache, limits) {
            None => {}
            Some(Ok(clang)) => return Ok(clang),
            // The first clang that there is says what is wrong.
            Some(Err(e)) => failure = failure.or(Some(e)),
        }
    }
    Err(failure.unwrap_or_else(|| CompilerFailure::NotFound {
        searched: match given {
            Some(path) => vec![path.display().to_string()],
            None => NAMES.iter().chain(&PLACES).map(|s| (*s).to_owned()).collect(),
        },
    }))
}

fn in_search_path(name: &Path) -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).map(|d| d.join(name)).filter(|p| p.is_file()).collect()
}

/// None if there is no such file.
fn examine(path: &Path, cache: &Cache, limits: Limits) -> Option<Result<Clang, CompilerFailure>> {
    let real = fs::canonicalize(path).ok()?;
    let metadata = fs::metadata(&real).ok().filter(fs::Metadata::is_file)?;
    let modified =
        metadata.modified().ok().and_then(|t| t.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    let file = KeyBuilder::default()
        .part(path.as_os_str().as_encoded_bytes())
        .part(real.as_os_str().as_encoded_bytes())
        .part(metadata.len().to_le_bytes())
        .part(modified.as_nanos().to_le_bytes())
        .finish();
    let version = match cache.clang_version(file) {
        Some(version) => version,
        None => match ask_version(path, limits) {
            Ok(version) => {
                cache.set_clang_version(file, &version);
                version
            }
            Err(e) => return Some(Err(e)),
        },
    };
    Some(if is_supported(&version) {
        let identity = KeyBuilder::default().part(file.bytes()).part(&version).finish();
        Ok(Clang { path: path.to_owned(), identity })
    } else {
        Err(CompilerFailure::WrongVersion { path: path.to_owned(), found: version })
    })
}

/// The first line of `--version`, bounded.
fn ask_version(path: &Path, limits: Limits) -> Result<String, CompilerFailure> {
    const LIMIT: Duration = Duration::from_secs(10);
    let time = limits.time.min(LIMIT);
    let limits = Limits { deadline: limits.deadline.min(Instant::now() + time), time, ..limits };
    let output = process::run(Command::new(path).arg("--version").env("LC_ALL", "C"), limits)?;
    if !output.status.success() {
        return Err(CompilerFailure::Crashed {
            status: process::describe(output.status),
            stderr: super::diagnostics::tail(&output.stderr),
        });
    }
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().next().unwrap_or_default().trim().chars().take(200).collect())
}

/// Apple's own clang has other version numbers.
fn is_supported(version: &str) -> bool {
    !version.contains("Apple")
        && version
            .split_once("clang version ")
            .and_then(|(_, number)| number.strip_prefix(MAJOR))
            .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for version in ["Debian clang version 19.1.7 (3~deb12u1)", "clang version 19.1.0", "clang version 19"]
        {
            assert!(is_supported(version), "{version}");
        }
        for version in
            ["Apple clang version 19.0.0", "clang version 190.1", "clang version 18.1.8", "gcc 19", ""]
        {
            assert!(!is_supported(version), "{version}");
        }
    }
}
