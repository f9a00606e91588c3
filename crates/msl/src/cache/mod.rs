//! What is kept on disk between runs: compiled libraries, their reflection, kernels' native code, and the versions of the
//! clangs seen.
//!
//! Entries are written to temporary files and renamed, and carry a checksum; so processes may share the cache, and
//! an entry that is not whole counts as absent. Failing to write is no error: the cache only saves time.

mod file;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::CacheDirectory;
use crate::digest::Digest;

const CLANGS: &str = "clangs";
/// Most bytes of what a clang says of its version.
const CLANG_VERSION: u64 = 1 << 16;
/// The directories whose size is limited.
const LIMITED: [&str; 3] = [
    <crate::front::Compiled as Entry>::DIRECTORY,
    <crate::library::Reflection as Entry>::DIRECTORY,
    <crate::target::Built as Entry>::DIRECTORY,
];
/// Temporary files of a process that died are removed after this time.
const ABANDONED: Duration = Duration::from_secs(3600);

/// Something that is kept.
pub(crate) trait Entry: Serialize + DeserializeOwned {
    /// The name of the directory for all of its kind.
    const DIRECTORY: &str;
    /// Whether it is believed: then it is only taken from a file that nobody but the user can have written.
    const TRUSTED: bool;
}

/// The cache; one without a directory keeps nothing on disk.
#[derive(Debug)]
pub(crate) struct Cache {
    root: Option<PathBuf>,
    size_limit: u64,
    /// Bytes of all that is kept, as far as this process knows.
    kept: Mutex<Option<u64>>,
    clang_versions: Mutex<HashMap<Digest, String>>,
}

impl Cache {
    pub(crate) fn new(directory: &CacheDirectory, size_limit: u64) -> Self {
        let root = match directory {
            CacheDirectory::Disabled => None,
            CacheDirectory::At(path) => Some(path.clone()),
        };
        Self { root, size_limit, kept: Mutex::default(), clang_versions: Mutex::default() }
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
        let directory = self.root.as_ref()?.join(CLANGS);
        let (payload, _) = file::read(&directory, &file.to_string(), false, CLANG_VERSION)?;
        let version = String::from_utf8(payload).ok()?;
        versions.insert(file, version.clone());
        Some(version)
    }

    pub(crate) fn set_clang_version(&self, file: Digest, version: &str) {
        let mut versions = self.clang_versions.lock().unwrap_or_else(PoisonError::into_inner);
        versions.insert(file, version.to_owned());
        if let Some(root) = &self.root {
            let _ = file::write(&root.join(CLANGS), &file.to_string(), false, version.as_bytes());
        }
    }

    /// Something that was kept.
    pub(crate) fn get<T: Entry>(&self, key: Digest) -> Option<T> {
        let directory = self.root.as_ref()?.join(T::DIRECTORY);
        let (payload, file) = file::read(&directory, &key.to_string(), T::TRUSTED, self.size_limit)?;
        let value = decode(&payload)?;
        // The least recently used go first.
        let _ = file.set_modified(SystemTime::now());
        Some(value)
    }

    /// Keeps something.
    pub(crate) fn set<T: Entry>(&self, key: Digest, value: &T) {
        let Some(root) = &self.root else { return };
        let Ok(payload) = postcard::to_allocvec(value) else { return };
        let directory = root.join(T::DIRECTORY);
        if payload.len() as u64 <= self.size_limit
            && file::write(&directory, &key.to_string(), T::TRUSTED, &payload).is_ok()
        {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            let now = kept.map(|bytes| bytes + payload.len() as u64);
            *kept = Some(now.filter(|bytes| *bytes <= self.size_limit).unwrap_or_else(|| self.evict(root)));
        }
    }

    /// Brings the size of all that is kept well under the limit if it is above. Gives what it is then.
    fn evict(&self, root: &Path) -> u64 {
        let entries = LIMITED.iter().filter_map(|directory| fs::read_dir(root.join(directory)).ok());
        let now = SystemTime::now();
        let mut files = Vec::new();
        for entry in entries.flatten().flatten() {
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
            return total;
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
        total
    }
}

/// All of the payload must be used up.
fn decode<T: Entry>(payload: &[u8]) -> Option<T> {
    let (value, rest) = postcard::take_from_bytes(payload).ok()?;
    rest.is_empty().then_some(value)
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;
    use crate::front::Compiled;
    use crate::{Diagnostic, Severity};

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

    fn path(cache: &Cache, key: Digest) -> PathBuf {
        cache.root().unwrap().join(Compiled::DIRECTORY).join(key.to_string())
    }

    fn library(cache: &Cache, key: Digest) -> Option<Compiled> {
        cache.get(key)
    }

    #[test]
    fn libraries_come_back_as_they_went() {
        let directory = tempfile::tempdir().unwrap();
        let cache = cache(&directory, 1 << 20);
        let key = Digest::of(b"key");
        assert_eq!(library(&cache, key), None);
        cache.set(key, &sample(1000));
        assert_eq!(library(&cache, key), Some(sample(1000)));
        assert_eq!(library(&cache, Digest::of(b"other")), None);
    }

    #[test]
    fn damaged_entries_count_as_absent() {
        let directory = tempfile::tempdir().unwrap();
        let cache = cache(&directory, 1 << 20);
        let key = Digest::of(b"key");
        cache.set(key, &sample(100));
        let path = path(&cache, key);
        let whole = fs::read(&path).unwrap();
        for position in [0, 8, 20, 40, 44, 60, whole.len() - 1] {
            let mut damaged = whole.clone();
            damaged[position] ^= 1;
            fs::write(&path, &damaged).unwrap();
            assert_eq!(library(&cache, key), None, "byte {position} changed");
            fs::write(&path, &whole[..position]).unwrap();
            assert_eq!(library(&cache, key), None, "cut at {position}");
        }
        fs::write(&path, [&whole[..], b"more"].concat()).unwrap();
        assert_eq!(library(&cache, key), None);
        // And it is replaced.
        cache.set(key, &sample(100));
        assert_eq!(library(&cache, key), Some(sample(100)));
    }

    #[test]
    fn payloads_that_lie_about_lengths_are_refused() {
        for bytes in [&b""[..], &[1], &[255; 4], &[0, 200, 200, 3, 1], &[0, 0, 0], &[255; 64]] {
            assert_eq!(decode::<Compiled>(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn the_oldest_go_when_the_limit_is_passed() {
        let directory = tempfile::tempdir().unwrap();
        let cache = cache(&directory, 10_000);
        for number in 0..5u8 {
            let key = Digest::of(&[number]);
            cache.set(key, &sample(1500));
            let age = Duration::from_secs(1000 - u64::from(number));
            let file = File::options().append(true).open(path(&cache, key)).unwrap();
            file.set_modified(SystemTime::now() - age).unwrap();
        }
        assert!(library(&cache, Digest::of(&[0])).is_some(), "using it makes it recent");
        cache.set(Digest::of(b"large"), &sample(4000));
        assert!(library(&cache, Digest::of(&[0])).is_some());
        assert!(library(&cache, Digest::of(&[1])).is_none());
        assert!(library(&cache, Digest::of(b"large")).is_some());
        cache.set(Digest::of(b"too large"), &sample(20_000));
        assert!(library(&cache, Digest::of(b"too large")).is_none());
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
                        cache.set(key, &sample(1000 + which));
                        if let Some(found) = library(cache, key) {
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
        cache.set(Digest::of(b"key"), &sample(1));
        assert_eq!(library(&cache, Digest::of(b"key")), None);
        let disabled = Cache::new(&CacheDirectory::Disabled, 1 << 20);
        disabled.set(Digest::of(b"key"), &sample(1));
        assert_eq!(library(&disabled, Digest::of(b"key")), None);
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
