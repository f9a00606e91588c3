//! The Metal headers, as files for clang, and precompiled.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use msl_types::{CompileOptions, CompilerFailure};

use super::clang::Clang;
use super::flags;
use super::overlay::Overlay;
use super::process::{self, Limits};
use crate::digest::{Digest, KeyBuilder};

/// The files of `include/`, by name.
const EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/headers.rs"));
const SUPPORT: &str = include_str!("support.h");

/// Precompiled headers that nobody used for this time are removed.
const UNUSED: Duration = Duration::from_secs(30 * 24 * 3600);

/// Changes with anything in the headers.
pub(crate) fn digest() -> Digest {
    use std::sync::OnceLock;
    static DIGEST: OnceLock<Digest> = OnceLock::new();
    *DIGEST.get_or_init(|| {
        EMBEDDED
            .iter()
            .fold(KeyBuilder::default().part(SUPPORT), |k, (name, text)| k.part(name).part(text))
            .finish()
    })
}

/// The headers on disk, with their precompiled form for one set of flags and one clang.
#[derive(Clone, Debug)]
pub(crate) struct Prelude {
    directory: PathBuf,
}

impl Prelude {
    /// Finds or makes the precompiled headers below `root`. Several processes may do so at once.
    pub(crate) fn prepare(
        root: &Path,
        clang: &Clang,
        options: &CompileOptions,
        limits: Limits,
    ) -> Result<Self, CompilerFailure> {
        let all = root.join("headers");
        let directory = all.join(Self::key(clang, options).to_string());
        let prelude = Self { directory };
        if prelude.is_whole() {
            prelude.mark_used();
            return Ok(prelude);
        }
        let failed =
            |action: String| move |e: std::io::Error| CompilerFailure::Io { action, message: e.to_string() };
        fs::create_dir_all(&all).map_err(failed(format!("making {}", all.display())))?;
        let new = tempfile::Builder::new()
            .prefix(".new")
            .tempdir_in(&all)
            .map_err(failed(format!("making a directory in {}", all.display())))?;
        let made = Self { directory: new.path().to_owned() };
        made.write(clang, options, limits)?;
        prelude.put(new);
        if !prelude.is_whole() {
            return Err(CompilerFailure::Io {
                action: format!("writing {}", prelude.directory.display()),
                message: "the files are not there, or not as they were written".into(),
            });
        }
        remove_unused(&all, &prelude.directory);
        Ok(prelude)
    }

    /// Moves finished files to their place, unless another process put whole ones there meanwhile.
    fn put(&self, new: tempfile::TempDir) {
        // A directory cannot be renamed over one that has files.
        if fs::rename(new.path(), &self.directory).is_err() {
            if self.is_whole() {
                return;
            }
            let damaged = new.path().with_extension("old");
            let _ = fs::rename(&self.directory, &damaged);
            let _ = fs::remove_dir_all(&damaged);
            if fs::rename(new.path(), &self.directory).is_err() {
                return;
            }
        }
        // It is no temporary directory any more.
        let _ = new.keep();
    }

    /// What the precompiled headers depend on.
    pub(crate) fn key(clang: &Clang, options: &CompileOptions) -> Digest {
        let key = KeyBuilder::default().part("headers 1").part(clang.identity.bytes()).part(digest().bytes());
        flags::precompile(options).iter().fold(key, KeyBuilder::part).finish()
    }

    /// Whether the files are still there; cheap.
    pub(crate) fn exists(&self) -> bool {
        self.precompiled().is_file()
    }

    /// Makes the headers visible to clang.
    pub(crate) fn add_to(&self, overlay: &mut Overlay) -> Result<(), CompilerFailure> {
        self.add_headers(overlay)?;
        overlay.file(flags::PRECOMPILED, &self.precompiled())
    }

    /// Removes the files, for instance because clang cannot read them.
    pub(crate) fn remove(&self) {
        let _ = fs::remove_dir_all(&self.directory);
    }

    fn add_headers(&self, overlay: &mut Overlay) -> Result<(), CompilerFailure> {
        overlay.directory(flags::HEADERS, &self.headers())?;
        overlay.file(flags::SUPPORT, &self.directory.join("support.h"))
    }

    fn headers(&self) -> PathBuf {
        self.directory.join("include")
    }

    fn precompiled(&self) -> PathBuf {
        self.directory.join("support.pch")
    }

    fn checksum(&self) -> PathBuf {
        self.directory.join("checksum")
    }

    fn files(&self) -> impl Iterator<Item = (PathBuf, &'static str)> + '_ {
        let headers = EMBEDDED.iter().map(|(name, text)| (self.headers().join(name), *text));
        headers.chain([(self.directory.join("support.h"), SUPPORT)])
    }

    fn is_whole(&self) -> bool {
        let Ok(precompiled) = fs::read(self.precompiled()) else { return false };
        fs::read_to_string(self.checksum()).is_ok_and(|sum| sum == Digest::of(&precompiled).to_string())
            && self.files().all(|(path, text)| fs::read(path).is_ok_and(|b| b == text.as_bytes()))
    }

    fn mark_used(&self) {
        if let Ok(file) = fs::File::options().append(true).open(self.checksum()) {
            let _ = file.set_modified(SystemTime::now());
        }
    }

    fn write(&self, clang: &Clang, options: &CompileOptions, limits: Limits) -> Result<(), CompilerFailure> {
        let io = |path: &Path, e: std::io::Error| CompilerFailure::Io {
            action: format!("writing {}", path.display()),
            message: e.to_string(),
        };
        fs::create_dir_all(self.headers()).map_err(|e| io(&self.headers(), e))?;
        for (path, text) in self.files() {
            fs::write(&path, text).map_err(|e| io(&path, e))?;
        }
        let mut overlay = Overlay::default();
        self.add_headers(&mut overlay)?;
        let overlay = overlay.write(&self.directory)?;
        let mut command = super::clang_command(clang, &overlay);
        command.args(flags::precompile(options)).arg("-o").arg(self.precompiled());
        run(&mut command, limits)?;
        let _ = fs::remove_file(overlay);
        let precompiled = fs::read(self.precompiled()).map_err(|e| CompilerFailure::Io {
            action: format!("reading {}", self.precompiled().display()),
            message: e.to_string(),
        })?;
        let checksum = Digest::of(&precompiled).to_string();
        fs::write(self.checksum(), checksum).map_err(|e| io(&self.checksum(), e))
    }
}

fn run(command: &mut Command, limits: Limits) -> Result<(), CompilerFailure> {
    let output = process::run(command, limits)?;
    if output.status.success() {
        Ok(())
    } else if output.status.code() == Some(1) {
        // Our own headers do not compile: no user can cause that.
        let messages = super::diagnostics::tail(&output.stderr);
        Err(CompilerFailure::Internal(format!("the Metal headers do not compile:\n{messages}")))
    } else {
        let status = process::describe(output.status);
        Err(CompilerFailure::Crashed { status, stderr: super::diagnostics::tail(&output.stderr) })
    }
}

/// Removes what other versions and flags left behind.
fn remove_unused(all: &Path, keep: &Path) {
    let Ok(entries) = fs::read_dir(all) else { return };
    for path in entries.flatten().map(|e| e.path()).filter(|p| p != keep) {
        let used =
            fs::metadata(path.join("checksum")).or_else(|_| fs::metadata(&path)).and_then(|m| m.modified());
        if used.is_ok_and(|t| t.elapsed().is_ok_and(|age| age > UNUSED)) {
            let _ = fs::remove_dir_all(path);
        }
    }
}
