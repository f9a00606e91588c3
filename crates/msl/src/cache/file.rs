//! Entries as files.
//!
//! Native code from a file that somebody else can write would be somebody else's code in this process. So entries that are
//! believed are read only from a file and a directory that belong to the user and that nobody else can write to; what
//! was opened is what is looked at, and links are not followed.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use crate::digest::{Digest, KeyBuilder};

/// Begins every entry; changes with the format.
const MAGIC: &[u8; 8] = b"MSLKEPT\x01";

/// The payload of an entry, if it is whole and is the entry of this name; and the file.
pub(super) fn read(directory: &Path, name: &str, trusted: bool, limit: u64) -> Option<(Vec<u8>, File)> {
    let file = open(directory, name, trusted)?;
    let mut bytes = Vec::with_capacity(usize::try_from(file.metadata().ok()?.len().min(limit)).ok()?);
    let most = limit.saturating_add((MAGIC.len() + 32) as u64);
    (&file).take(most).read_to_end(&mut bytes).ok()?;
    let rest = bytes.strip_prefix(MAGIC.as_slice())?;
    let (digest, payload) = rest.split_first_chunk::<32>()?;
    if checksum(directory, name, payload).bytes() != digest {
        return None;
    }
    let start = bytes.len() - payload.len();
    bytes.drain(..start);
    Some((bytes, file))
}

/// Writes an entry so that it is either whole or not there.
pub(super) fn write(directory: &Path, name: &str, trusted: bool, payload: &[u8]) -> io::Result<()> {
    prepare(directory, trusted)?;
    let mut file = tempfile::Builder::new().prefix(".new").tempfile_in(directory)?;
    file.write_all(MAGIC)?;
    file.write_all(checksum(directory, name, payload).bytes())?;
    file.write_all(payload)?;
    file.persist(directory.join(name))?;
    Ok(())
}

/// An entry moved to another name is not whole.
fn checksum(directory: &Path, name: &str, payload: &[u8]) -> Digest {
    let kind = directory.file_name().unwrap_or_default();
    KeyBuilder::default().part(kind.as_encoded_bytes()).part(name).part(payload).finish()
}

#[cfg(unix)]
mod system {
    use std::os::unix::fs::DirBuilderExt as _;

    use rustix::fs::{CWD, FileType, Mode, OFlags, RawMode, Stat, fstat, openat};
    use rustix::process::geteuid;

    use super::*;

    /// Opens an entry, which is a plain file. Waits for nobody, as it would for the other end of a pipe.
    pub(super) fn open(directory: &Path, name: &str, trusted: bool) -> Option<File> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let directory = openat(CWD, directory, flags | OFlags::DIRECTORY, Mode::empty()).ok()?;
        if trusted && !is_own(&fstat(&directory).ok()?) {
            return None;
        }
        let file = openat(&directory, name, flags | OFlags::NONBLOCK, Mode::empty()).ok()?;
        let status = fstat(&file).ok()?;
        let is_plain = FileType::from_raw_mode(status.st_mode as RawMode) == FileType::RegularFile;
        (is_plain && (!trusted || is_own(&status))).then(|| file.into())
    }

    /// Whether it belongs to the user, and nobody else can write to it.
    fn is_own(status: &Stat) -> bool {
        let others = Mode::WGRP | Mode::WOTH;
        status.st_uid == geteuid().as_raw()
            && !Mode::from_raw_mode(status.st_mode as RawMode).intersects(others)
    }

    /// Makes the directory; one that is trusted is the user's alone.
    pub(super) fn prepare(directory: &Path, trusted: bool) -> io::Result<()> {
        if !trusted {
            return fs::create_dir_all(directory);
        }
        if let Some(parent) = directory.parent() {
            fs::create_dir_all(parent)?;
        }
        match fs::DirBuilder::new().mode(0o700).create(directory) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            other => other?,
        }
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::DIRECTORY;
        let opened = openat(CWD, directory, flags, Mode::empty())?;
        // What is written elsewhere would never be read.
        if is_own(&fstat(&opened)?) { Ok(()) } else { Err(io::ErrorKind::PermissionDenied.into()) }
    }
}

/// Who can write to a file is not known here, so nothing is trusted.
#[cfg(not(unix))]
mod system {
    use super::*;

    pub(super) fn open(directory: &Path, name: &str, trusted: bool) -> Option<File> {
        if trusted { None } else { File::open(directory.join(name)).ok() }
    }

    pub(super) fn prepare(directory: &Path, trusted: bool) -> io::Result<()> {
        if trusted { Err(io::ErrorKind::Unsupported.into()) } else { fs::create_dir_all(directory) }
    }
}

use system::{open, prepare};

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
    use std::path::PathBuf;

    use super::*;

    const LIMIT: u64 = 1 << 20;

    /// A directory with the trusted entry `name` in it.
    fn directory() -> (tempfile::TempDir, PathBuf) {
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().join("deep/kernels");
        write(&directory, "name", true, b"code").unwrap();
        assert_eq!(payload(&directory, true).as_deref(), Some(&b"code"[..]));
        (root, directory)
    }

    fn payload(directory: &Path, trusted: bool) -> Option<Vec<u8>> {
        read(directory, "name", trusted, LIMIT).map(|(payload, _)| payload)
    }

    fn allow(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Asserts that the entry is found, but not trusted.
    fn assert_not_trusted(directory: &Path) {
        assert_eq!(payload(directory, true), None);
        assert_eq!(payload(directory, false).as_deref(), Some(&b"code"[..]), "the entry itself is whole");
    }

    #[test]
    fn files_that_others_can_write_are_not_trusted() {
        for mode in [0o666, 0o620, 0o602] {
            let (_root, directory) = directory();
            allow(&directory.join("name"), mode);
            assert_not_trusted(&directory);
            // Writing replaces the file.
            write(&directory, "name", true, b"new").unwrap();
            assert_eq!(payload(&directory, true).as_deref(), Some(&b"new"[..]));
        }
    }

    #[test]
    fn directories_that_others_can_write_are_not_trusted() {
        for mode in [0o777, 0o770, 0o1777, 0o702] {
            let (_root, directory) = directory();
            allow(&directory, mode);
            assert_not_trusted(&directory);
            write(&directory, "name", true, b"new").unwrap_err();
        }
    }

    #[test]
    fn others_files_are_not_trusted() {
        let (_root, directory) = directory();
        // Only the superuser can give files away.
        if chown(directory.join("name"), Some(12345), None).is_err() {
            return;
        }
        assert_not_trusted(&directory);
        chown(directory.join("name"), Some(0), None).unwrap();
        assert!(payload(&directory, true).is_some());
        chown(&directory, Some(12345), None).unwrap();
        assert_not_trusted(&directory);
    }

    #[test]
    fn links_are_not_followed() {
        let (root, directory) = directory();
        let elsewhere = root.path().join("elsewhere");
        fs::rename(&directory, &elsewhere).unwrap();
        symlink(&elsewhere, &directory).unwrap();
        assert_eq!(payload(&directory, true), None);
        assert_eq!(payload(&directory, false), None);
        write(&directory, "name", true, b"new").unwrap_err();

        fs::remove_file(&directory).unwrap();
        fs::create_dir(&directory).unwrap();
        allow(&directory, 0o700);
        symlink(elsewhere.join("name"), directory.join("name")).unwrap();
        assert_eq!(payload(&directory, true), None);
        assert_eq!(payload(&directory, false), None);
    }

    #[test]
    fn what_is_no_file_is_not_waited_for() {
        let (_root, directory) = directory();
        fs::remove_file(directory.join("name")).unwrap();
        let status = std::process::Command::new("mkfifo").arg(directory.join("name")).status().unwrap();
        assert!(status.success());
        assert_eq!(payload(&directory, true), None);
        assert_eq!(payload(&directory, false), None);
        fs::remove_file(directory.join("name")).unwrap();
        fs::create_dir(directory.join("name")).unwrap();
        assert_eq!(payload(&directory, true), None);
    }

    #[test]
    fn new_directories_are_the_users_alone() {
        let (_root, directory) = directory();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&directory), 0o700);
        assert_eq!(mode(&directory.join("name")), 0o600);
    }

    #[test]
    fn entries_of_other_names_and_kinds_are_not_whole() {
        let (root, directory) = directory();
        fs::copy(directory.join("name"), directory.join("other")).unwrap();
        assert!(read(&directory, "other", true, LIMIT).is_none());
        let other = root.path().join("reflections");
        write(&other, "name", true, b"reflection").unwrap();
        fs::copy(directory.join("name"), other.join("name")).unwrap();
        assert_eq!(payload(&other, true), None);
    }

    #[test]
    fn entries_over_the_limit_are_not_read() {
        let (_root, directory) = directory();
        assert!(read(&directory, "name", true, 4).is_some());
        assert!(read(&directory, "name", true, 3).is_none());
    }
}
