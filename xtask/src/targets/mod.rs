//! Checks for machines that are not at hand: types and lints, and for Apple linking too.
//!
//! Each needs a standard library for its target: that of the running toolchain, where `rustup target add` has brought it,
//! or else one built from Debian's source ([`debian`]).

mod apple;
mod debian;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{Shell, output};
use crate::{llvm, setup};

/// A target that is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Apple,
    Windows,
    Aarch64,
}

impl Target {
    /// Its name among Rust's targets.
    pub(crate) const fn triple(self) -> &'static str {
        match self {
            Self::Apple => "aarch64-apple-darwin",
            Self::Windows => "x86_64-pc-windows-msvc",
            Self::Aarch64 => "aarch64-unknown-linux-gnu",
        }
    }

    /// Whether the ordinary checks on this machine are those of the target.
    const fn is_this_machine(self) -> bool {
        match self {
            Self::Apple => cfg!(target_os = "macos"),
            Self::Windows => cfg!(windows),
            Self::Aarch64 => cfg!(all(target_os = "linux", target_arch = "aarch64")),
        }
    }
}

/// Why a check cannot be done.
#[derive(Debug)]
pub(crate) enum Unready {
    /// It does not concern this machine, or what it needs cannot be had here.
    Skipped(String),
    /// What it needs should be here, but getting it failed.
    Failed(String),
}

/// Clippy of every crate with all features, and with tests, examples and benchmarks.
pub(crate) fn lints(shell: &Shell, target: Target, install: bool) -> Result<Command, Unready> {
    let toolchain = Toolchain::of(shell, target, install)?;
    let mut command = toolchain.clippy(shell);
    // Among the features is that of `msl` which needs no LLVM: there is one for this machine, but none for the target.
    command.args(["--workspace", "--all-targets", "--all-features", "--target", target.triple()]);
    command.args(["--", "-D", "warnings"]);
    compiling_objective_c(&mut command);
    Ok(command)
}

/// Executables of the tests, programs and examples for Apple, with default features, linked with stubs of the system's
/// libraries. Warnings are errors: with other features than the lints', other code may be unused.
pub(crate) fn link_for_apple(shell: &Shell, install: bool) -> Result<Command, Unready> {
    let toolchain = Toolchain::of(shell, Target::Apple, install)?;
    let sdk = apple::sdk(shell, install)?;
    let mut command = toolchain.cargo(shell);
    // On macOS `msl` is in no executable, and there is no LLVM for macOS to link it with.
    command.args(["build", "--workspace", "--exclude", "msl", "--exclude", "xtask"]);
    command.args(["--lib", "--bins", "--tests", "--examples", "--target", Target::Apple.triple()]);
    command.env("SDKROOT", sdk).env("CARGO_TARGET_AARCH64_APPLE_DARWIN_LINKER", &toolchain.apple_linker);
    command.env("CARGO_TARGET_AARCH64_APPLE_DARWIN_RUSTFLAGS", "-Clinker-flavor=ld64.lld -Dwarnings");
    // These are optimised for the tests that run here.
    for package in ["metal-bridge", "gemm-f32", "sha2", "miniz_oxide"] {
        command.args(["--config", &format!("profile.dev.package.{package}.opt-level=0")]);
    }
    compiling_objective_c(&mut command);
    // Nobody runs or debugs them, and stripping needs a tool that Debian's Rust does not have.
    command
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("CARGO_PROFILE_DEV_STRIP", "none")
        .env("CARGO_INCREMENTAL", "0");
    Ok(command)
}

/// With a compiler for the few lines of Objective-C that catch its exceptions.
fn compiling_objective_c(command: &mut Command) {
    command.env("CC_aarch64_apple_darwin", llvm::clang());
    command.env("AR_aarch64_apple_darwin", llvm::tool("llvm-ar"));
}

/// A Rust toolchain with a standard library for a target.
struct Toolchain {
    cargo: PathBuf,
    /// With a name of its own where `cargo clippy` would find another.
    cargo_clippy: Option<PathBuf>,
    /// A linker for Mach-O: a path, or the name of one that rustc finds.
    apple_linker: PathBuf,
    environment: Vec<(&'static str, OsString)>,
}

impl Toolchain {
    fn of(shell: &Shell, target: Target, install: bool) -> Result<Self, Unready> {
        if target.is_this_machine() {
            return Err(Unready::Skipped("the other checks are for it: this is such a machine".into()));
        }
        if !has_std(target) {
            return debian::toolchain(shell, target, install);
        }
        setup::rust_components(shell, &["clippy"], install).map_err(Unready::Failed)?;
        Ok(Self {
            cargo: std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()).into(),
            cargo_clippy: None,
            apple_linker: "rust-lld".into(),
            environment: Vec::new(),
        })
    }

    fn cargo(&self, shell: &Shell) -> Command {
        let mut command = shell.program(&self.cargo);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    fn clippy(&self, shell: &Shell) -> Command {
        let mut command = match &self.cargo_clippy {
            Some(program) => shell.program(program),
            None => shell.program(&self.cargo),
        };
        command.arg("clippy").envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// Whether the running toolchain has the target's standard library.
fn has_std(target: Target) -> bool {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let directory = output(rustc, &["--print", "target-libdir", "--target", target.triple()]);
    directory.is_some_and(|directory| holds_std(Path::new(directory.trim())))
}

fn holds_std(directory: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(directory) else { return false };
    entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))
}

/// A directory of the user's cache, for what outlives a checkout. Several checkouts may use it at once: hold the lock
/// while changing it.
fn cache() -> Result<PathBuf, Unready> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME")?.join(".cache")));
    let directory =
        cache.ok_or_else(|| Unready::Skipped("HOME is not set".into()))?.join("metal-bridge/cross");
    std::fs::create_dir_all(&directory).map_err(at(&directory))?;
    Ok(directory)
}

/// Waits until no other process changes the cache; the file returned keeps others waiting.
fn lock(cache: &Path) -> Result<std::fs::File, Unready> {
    let path = cache.join("lock");
    let file = std::fs::File::create(&path).map_err(at(&path))?;
    file.lock().map_err(at(&path))?;
    Ok(file)
}

/// Says with which file something went wrong.
fn at(path: &Path) -> impl Fn(std::io::Error) -> Unready {
    move |error| Unready::Failed(format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_without_a_standard_library_holds_none() {
        assert!(!holds_std(Path::new("/nonexistent")));
        assert!(!holds_std(Path::new(env!("CARGO_MANIFEST_DIR"))));
        let own = output("rustc", &["--print", "target-libdir"]).unwrap();
        assert!(holds_std(Path::new(own.trim())));
    }
}
