//! Debian's Rust, with standard libraries for other targets.
//!
//! Debian has the source of the standard library and the compiler that fits it. Both are unpacked into the user's cache,
//! not installed: nothing else on the machine sees them, and no rights are needed. The standard library of a target is
//! built once, unoptimised, since nothing that is linked with it runs here.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Target, Toolchain, Unready, at, cache, holds_std, lock};
use crate::apt;
use crate::command::Shell;
use crate::system::Release;

/// Debian keeps a Rust for building browsers up to date also in its stable releases.
const COMPILER: &str = "rustc-web";
const PACKAGES: [&str; 6] =
    [COMPILER, "libstd-rust-web-dev", "cargo-web", "rust-web-clippy", "rust-web-src", "lld-19"];

/// The oldest that compiles this workspace.
const OLDEST: &str = env!("CARGO_PKG_RUST_VERSION");

/// The toolchain, made ready for the target.
pub(super) fn toolchain(shell: &Shell, target: Target, install: bool) -> Result<Toolchain, Unready> {
    let cache = cache()?;
    let _lock = lock(&cache)?;
    let root = cache.join("debian-rust");
    if !is_complete(&root) {
        unpack(shell, target, &root, install)?;
    }
    let toolchain = in_directory(shell, &root)?;
    let library = root.join("usr/lib/rustlib").join(target.triple()).join("lib");
    if !holds_std(&library) {
        build_std(shell, &toolchain, target, &root, &library)?;
    }
    remove_stale(&target_directory(shell).join(target.triple()), &library)?;
    Ok(toolchain)
}

/// Where the workspace is built with this toolchain.
fn target_directory(shell: &Shell) -> PathBuf {
    shell.target_directory().join("cross")
}

/// Removes what was built with another standard library: cargo would take it for fresh, since the compiler is the same,
/// and the compiler would not find it.
fn remove_stale(built: &Path, library: &Path) -> Result<(), Unready> {
    let modified = fs::metadata(library).and_then(|metadata| metadata.modified()).map_err(at(library))?;
    let standard_library = format!("{} {modified:?}", library.display());
    let path = built.join("standard-library");
    if fs::read_to_string(&path).is_ok_and(|text| text == standard_library) {
        return Ok(());
    }
    if built.exists() {
        fs::remove_dir_all(built).map_err(at(built))?;
    }
    fs::create_dir_all(built).map_err(at(built))?;
    fs::write(&path, standard_library).map_err(at(&path))
}

/// Whether all was unpacked, and is not too old by now.
fn is_complete(root: &Path) -> bool {
    fs::read_to_string(root.join("version")).is_ok_and(|version| is_new_enough(&version))
}

fn unpack(shell: &Shell, target: Target, root: &Path, install: bool) -> Result<(), Unready> {
    let triple = target.triple();
    let skipped = |reason: &str| {
        let add = format!("`rustup target add {triple}` makes this check possible");
        Err(Unready::Skipped(format!("no standard library for {triple}: {reason}; {add}")))
    };
    if Release::of_this_system().id != "debian" {
        return skipped("rustup has none here, and this is not Debian");
    }
    if !install {
        return skipped("rustup has none here, and --no-install forbids fetching Debian's Rust");
    }
    let usable = || apt::candidate(COMPILER).filter(|version| is_new_enough(version));
    // Nobody is asked for a password in the middle of other checks.
    if usable().is_none()
        && apt::is_root()
        && let Err(message) = apt::update(shell, &PACKAGES)
    {
        return skipped(&message);
    }
    let Some(version) = usable() else {
        let missing = format!("the lists of package sources have no {COMPILER} of version {OLDEST} or newer");
        return skipped(&format!("{missing} (`apt-get update` reads them anew)"));
    };
    println!("Unpacking Debian's Rust into {} (150 MB to fetch, 900 MB on disk):", root.display());
    let remove = || if root.exists() { fs::remove_dir_all(root).map_err(at(root)) } else { Ok(()) };
    // The compiler's libraries must lie beside it, also where Debian's Rust is installed as well.
    let libraries = apt::dependencies(COMPILER).into_iter().filter(|name| name.starts_with("libstd-rust"));
    let packages: Vec<String> = PACKAGES.map(String::from).into_iter().chain(libraries).collect();
    let packages: Vec<&str> = packages.iter().map(String::as_str).collect();
    remove()?;
    let mut unpacked = apt::unpack(shell, &packages, root);
    if unpacked.is_err() && apt::is_root() {
        // Old package lists name files that the servers have replaced since.
        remove()?;
        unpacked = apt::update(shell, &packages).and_then(|()| apt::unpack(shell, &packages, root));
    }
    if let Err(message) = unpacked {
        println!("{message}");
        remove()?;
        return skipped("Debian's Rust could not be fetched");
    }
    let path = root.join("version");
    fs::write(&path, version).map_err(at(&path))
}

/// Whether a version such as `1.96.0+dfsg1-1` is no older than the workspace asks for.
fn is_new_enough(version: &str) -> bool {
    let numbers = |text: &str| -> Option<(u32, u32)> {
        let mut parts = text.split('.').map(str::parse);
        Some((parts.next()?.ok()?, parts.next()?.ok()?))
    };
    numbers(version).is_some_and(|version| Some(version) >= numbers(OLDEST))
}

/// The toolchain that lies unpacked in this directory.
fn in_directory(shell: &Shell, root: &Path) -> Result<Toolchain, Unready> {
    let programs = root.join("usr/bin");
    let (rustc, cargo) = (programs.join("rustc"), programs.join("cargo"));
    let libraries = libraries(&root.join("usr/lib"))?;
    let mut path = OsString::from(&programs);
    if let Some(others) = std::env::var_os("PATH") {
        path.push(":");
        path.push(others);
    }
    Ok(Toolchain {
        cargo_clippy: Some(programs.join("cargo-clippy")),
        apple_linker: root.join("usr/lib/llvm-19/bin/ld64.lld"),
        environment: vec![
            ("RUSTC", rustc.into()),
            ("CARGO", cargo.clone().into()),
            ("PATH", path),
            ("LD_LIBRARY_PATH", libraries.into()),
            ("CARGO_TARGET_DIR", target_directory(shell).into()),
            ("CARGO_INCREMENTAL", "0".into()),
        ],
        cargo,
    })
}

/// The directory of shared libraries, which has the name of this machine's architecture.
fn libraries(directory: &Path) -> Result<PathBuf, Unready> {
    let entries = fs::read_dir(directory).map_err(at(directory))?;
    let mut paths = entries.flatten().map(|entry| entry.path());
    let found = paths.find(|path| path.to_string_lossy().ends_with("-linux-gnu"));
    found.ok_or_else(|| Unready::Failed(format!("{} has no shared libraries", directory.display())))
}

fn build_std(
    shell: &Shell,
    toolchain: &Toolchain,
    target: Target,
    root: &Path,
    library: &Path,
) -> Result<(), Unready> {
    println!("Building the standard library for {}:", target.triple());
    // Cargo builds it with a package that needs it.
    let package = root.join("std");
    let source = package.join("src");
    fs::create_dir_all(&source).map_err(at(&source))?;
    fs::write(source.join("lib.rs"), "").map_err(at(&source))?;
    let manifest = "[package]\nname = \"empty\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n";
    fs::write(package.join("Cargo.toml"), manifest).map_err(at(&package))?;
    let mut command = toolchain.cargo(shell);
    command.args(["build", "--quiet", "-Zbuild-std=std,test", "--target", target.triple()]);
    command.current_dir(&package).env("CARGO_TARGET_DIR", package.join("target"));
    command.env("RUSTC_BOOTSTRAP", "1").env("CARGO_PROFILE_DEV_DEBUG", "0").env_remove("RUSTFLAGS");
    shell.run(command).map_err(Unready::Failed)?;

    // Under another name until all is there.
    let partial = library.with_file_name("partial");
    let built = package.join("target").join(target.triple()).join("debug/deps");
    fs::create_dir_all(&partial).map_err(at(&partial))?;
    for entry in fs::read_dir(&built).map_err(at(&built))?.flatten() {
        let name = entry.file_name();
        let text = name.to_string_lossy();
        if text.ends_with(".rlib") && !text.starts_with("libempty") {
            fs::copy(entry.path(), partial.join(&name)).map_err(at(&partial))?;
        }
    }
    if !holds_std(&partial) {
        return Err(Unready::Failed(format!(
            "{} holds no standard library after building it",
            built.display()
        )));
    }
    fs::rename(&partial, library).map_err(at(library))?;
    fs::remove_dir_all(&package).map_err(at(&package))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_standard_library_built_goes() {
        let directory = std::env::temp_dir().join(format!("metal-bridge-xtask-{}", std::process::id()));
        let (built, libraries) = (directory.join("built"), [directory.join("old"), directory.join("new")]);
        for library in &libraries {
            fs::create_dir_all(library).unwrap();
        }
        let artifact = built.join("debug");
        remove_stale(&built, &libraries[0]).unwrap();
        fs::write(&artifact, "").unwrap();
        remove_stale(&built, &libraries[0]).unwrap();
        assert!(artifact.exists());
        remove_stale(&built, &libraries[1]).unwrap();
        assert!(!artifact.exists());
        fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(is_new_enough("1.196.0+dfsg1-1~deb12u2"));
        assert!(is_new_enough(&format!("{OLDEST}.0+dfsg3-1")));
        assert!(!is_new_enough("1.9.0+dfsg3-1"));
        assert!(!is_new_enough("1.85.0+dfsg3-1~deb12u3"));
        assert!(!is_new_enough(""));
    }
}
