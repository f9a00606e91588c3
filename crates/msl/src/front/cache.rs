//! The cache on disk: compiled libraries, and versions of the clangs seen.
//!
//! Entries are written to temporary files and renamed, and carry a checksum; so processes may share the cache, and
//! an entry that is not whole counts as absent. Failing to write is no error: the cache only saves time.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use msl_types::{Diagnostic, Severity};

use super::Compiled;
use super::config::CacheDirectory;
use super::digest::Digest;

/// Begins every entry; changes with the format.
const MAGIC: &[u8; 8] = b"MSLLIB\x01\n";
const LIBRARIES: &str = "libraries";
const CLANGS: &str = "clangs";
/// Temporary files of a process that died are removed after this time.
const ABANDONED: Duration = Duration::from_secs(3600);

/// The cache; one without a directory keeps nothing on disk.
#[derive(Debug)]
pub(crate) struct Cache {
    root: Option<PathBuf>,
    size_limit: u64,
    clang_versions: Mutex<HashMap<Digest, String>>,
}

impl Cache {
    pub(crate) fn new(directory: &CacheDirectory, size_limit: u64) -> Self {
        let root = match directory {
            CacheDirectory::Disabled => None,
            CacheDirectory::At(path) => Some(path.clone()),
        };
        Self { root, size_limit, clang_versions: Mutex::default() }
    }

    /// The directory, if there is one.
    pub(crate) fn root(&self) -> Option<&Path> {
        self.root.as_deref()
    }

    /// What a clang said of its version, by the file it is.
    pub(crate) fn clang_version(&self, file: Digest) -> Option<String> {
        let mut versions = self.clang_versions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(version) = versions.get(&file) {
            return Some(version.clone());
        }
        let payload = read_checked(&self.path(CLANGS, file)?)?;
        let version = String::from_utf8(payload).ok()?;
        versions.insert(file, version.clone());
        Some(version)
    }

    pub(crate) fn set_clang_version(&self, file: Digest, version: &str) {
        let mut versions = self.clang_versions.lock().unwrap_or_else(PoisonError::into_inner);
        versions.insert(file, version.to_owned());
        if let Some(path) = self.path(CLANGS, file) {
            let _ = write_checked(&path, version.as_bytes());
        }
    }

    /// A library compiled earlier.
    pub(crate) fn library(&self, key: Digest) -> Option<Compiled> {
        let path = self.path(LIBRARIES, key)?;
        let compiled = decode(&read_checked(&path)?)?;
        // The least recently used go first.
        if let Ok(file) = File::options().append(true).open(&path) {
            let _ = file.set_modified(SystemTime::now());
        }
        Some(compiled)
    }

    pub(crate) fn set_library(&self, key: Digest, compiled: &Compiled) {
        let Some(path) = self.path(LIBRARIES, key) else { return };
        let payload = encode(compiled);
        if payload.len() as u64 <= self.size_limit && write_checked(&path, &payload).is_ok() {
            self.evict();
        }
    }

    fn path(&self, kind: &str, key: Digest) -> Option<PathBuf> {
        Some(self.root.as_ref()?.join(kind).join(key.to_string()))
    }

    /// Brings the libraries' size well under the limit if it is above.
    fn evict(&self) {
        let Some(root) = &self.root else { return };
        let Ok(entries) = fs::read_dir(root.join(LIBRARIES)) else { return };
        let now = SystemTime::now();
        let mut files = Vec::new();
        for entry in entries.flatten() {
            let Ok(metadata) = entry.metadata() else { continue };
            let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            let is_temporary = entry.file_name().to_string_lossy().starts_with('.');
            if !is_temporary {
                files.push((modified, metadata.len(), entry.path()));
            } else if now.duration_since(modified).is_ok_and(|age| age > ABANDONED) {
                let _ = fs::remove_file(entry.path());
            }
        }
        let mut total: u64 = files.iter().map(|(_, size, _)| size).sum();
        if total <= self.size_limit {
            return;
        }
        files.sort();
        for (_, size, path) in files {
            if total <= self.size_limit / 4 * 3 {
                break;
            }
            // Another process may have removed it.
            let _ = fs::remove_file(path);
            total -= size;
        }
    }
}

/// Writes a file so that it is either whole or not there.
fn write_checked(path: &Path, payload: &[u8]) -> std::io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(directory)?;
    let mut file = tempfile::Builder::new().prefix(".new").tempfile_in(directory)?;
    file.write_all(MAGIC)?;
    file.write_all(Digest::of(payload).bytes())?;
    file.write_all(payload)?;
    file.persist(path)?;
    Ok(())
}

/// The payload of a file, if it is whole.
fn read_checked(path: &Path) -> Option<Vec<u8>> {
    let mut bytes = fs::read(path).ok()?;
    let rest = bytes.strip_prefix(MAGIC.as_slice())?;
    let (digest, payload) = rest.split_first_chunk::<32>()?;
    if Digest::of(payload).bytes() != digest {
        return None;
    }
    let start = bytes.len() - payload.len();
    bytes.drain(..start);
    Some(bytes)
}

fn encode(compiled: &Compiled) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(compiled.bitcode.len() + 64);
    bytes.extend((compiled.warnings.len() as u32).to_le_bytes());
    for warning in &compiled.warnings {
        bytes.push(match warning.severity {
            Severity::Error => 0,
            Severity::Warning => 1,
            Severity::Note => 2,
        });
        bytes.extend(warning.line.to_le_bytes());
        bytes.extend(warning.column.to_le_bytes());
        for text in [&warning.file, &warning.message, &warning.snippet] {
            bytes.extend((text.len() as u32).to_le_bytes());
            bytes.extend(text.as_bytes());
        }
    }
    bytes.extend(&compiled.bitcode);
    bytes
}

fn decode(bytes: &[u8]) -> Option<Compiled> {
    let mut reader = Reader(bytes);
    let count = reader.number()?;
    let mut warnings = Vec::new();
    for _ in 0..count {
        let severity = match reader.take(1)?[0] {
            0 => Severity::Error,
            1 => Severity::Warning,
            2 => Severity::Note,
            _ => return None,
        };
        let (line, column) = (reader.number()?, reader.number()?);
        let (file, message, snippet) = (reader.text()?, reader.text()?, reader.text()?);
        warnings.push(Diagnostic { severity, file, line, column, message, snippet });
    }
    Some(Compiled { bitcode: reader.0.to_vec(), warnings })
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    fn text(&mut self) -> Option<String> {
        let length = self.number()? as usize;
        String::from_utf8(self.take(length)?.to_vec()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(size: usize) -> Compiled {
        Compiled {
            bitcode: (0..size).map(|i| i as u8).collect(),
            warnings: vec![Diagnostic {
                severity: Severity::Warning,
                file: "program_source".into(),
                line: 3,
                column: 4,
                message: "unused".into(),
                snippet: "x\n^".into(),
            }],
        }
    }

    fn cache(directory: &tempfile::TempDir, limit: u64) -> Cache {
        Cache::new(&CacheDirectory::At(directory.path().join("deep/cache")), limit)
    }

    #[test]
    fn libraries_come_back_as_they_went() {
        let directory = tempfile::tempdir().unwrap();
        let cache = cache(&directory, 1 << 20);
        let key = Digest::of(b"key");
        assert_eq!(cache.library(key), None);
        cache.set_library(key, &sample(1000));
        assert_eq!(cache.library(key), Some(sample(1000)));
        assert_eq!(cache.library(Digest::of(b"other")), None);
    }

    #[test]
    fn damaged_entries_count_as_absent() {
        let directory = tempfile::tempdir().unwrap();
        let cache = cache(&directory, 1 << 20);
        let key = Digest::of(b"key");
        cache.set_library(key, &sample(100));
        let path = cache.path(LIBRARIES, key).unwrap();
        let whole = fs::read(&path).unwrap();
        for position in [0, 8, 20, 40, 44, 60, whole.len() - 1] {
            let mut damaged = whole.clone();
            damaged[position] ^= 1;
            fs::write(&path, &damaged).unwrap();
            assert_eq!(cache.library(key), None, "byte {position} changed");
            fs::write(&path, &whole[..position]).unwrap();
            assert_eq!(cache.library(key), None, "cut at {position}");
        }
        fs::write(&path, [&whole[..], b"more"].concat()).unwrap();
        assert_eq!(cache.library(key), None);
        // And it is replaced.
        cache.set_library(key, &sample(100));
        assert_eq!(cache.library(key), Some(sample(100)));
    }

    #[test]
    fn payloads_that_lie_about_lengths_are_refused() {
        for bytes in
            [&b""[..], &[1, 0, 0, 0], &[255; 4], &[1, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0], &[255; 64]]
        {
            assert_eq!(decode(bytes), None);
        }
    }

    #[test]
    fn the_oldest_go_when_the_limit_is_passed() {
        let directory = tempfile::tempdir().unwrap();
        let cache = cache(&directory, 10_000);
        for number in 0..5u8 {
            cache.set_library(Digest::of(&[number]), &sample(1500));
            let path = cache.path(LIBRARIES, Digest::of(&[number])).unwrap();
            let age = Duration::from_secs(1000 - u64::from(number));
            File::options().append(true).open(path).unwrap().set_modified(SystemTime::now() - age).unwrap();
        }
        assert!(cache.library(Digest::of(&[0])).is_some(), "using it makes it recent");
        cache.set_library(Digest::of(b"large"), &sample(4000));
        assert!(cache.library(Digest::of(&[0])).is_some());
        assert!(cache.library(Digest::of(&[1])).is_none());
        assert!(cache.library(Digest::of(b"large")).is_some());
        cache.set_library(Digest::of(b"too large"), &sample(20_000));
        assert!(cache.library(Digest::of(b"too large")).is_none());
    }

    #[test]
    fn writers_and_readers_do_not_disturb_each_other() {
        let directory = tempfile::tempdir().unwrap();
        let cache = cache(&directory, 20_000);
        std::thread::scope(|scope| {
            for thread in 0..4usize {
                let cache = &cache;
                scope.spawn(move || {
                    for round in 0..50usize {
                        let which = (thread + round) % 3;
                        let key = Digest::of(&[which as u8]);
                        cache.set_library(key, &sample(1000 + which));
                        if let Some(found) = cache.library(key) {
                            assert_eq!(found, sample(1000 + which));
                        }
                    }
                });
            }
        });
    }

    #[test]
    fn a_cache_that_cannot_be_written_keeps_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        fs::write(&file, "").unwrap();
        let cache = Cache::new(&CacheDirectory::At(file), 1 << 20);
        cache.set_library(Digest::of(b"key"), &sample(1));
        assert_eq!(cache.library(Digest::of(b"key")), None);
        let disabled = Cache::new(&CacheDirectory::Disabled, 1 << 20);
        disabled.set_library(Digest::of(b"key"), &sample(1));
        assert_eq!(disabled.library(Digest::of(b"key")), None);
    }

    #[test]
    fn versions_are_remembered() {
        let directory = tempfile::tempdir().unwrap();
        let file = Digest::of(b"file");
        cache(&directory, 1).set_clang_version(file, "clang version 19");
        assert_eq!(cache(&directory, 1).clang_version(file).as_deref(), Some("clang version 19"));
        let disabled = Cache::new(&CacheDirectory::Disabled, 1);
        disabled.set_clang_version(file, "19");
        assert_eq!(disabled.clang_version(file).as_deref(), Some("19"));
    }
}
