//! Where the compiler finds its tools, and what they may use.

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use crate::switches;

/// Where compiled libraries and kernels are kept between runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CacheDirectory {
    /// Nowhere: headers are precompiled for each [`Compiler`](super::Compiler), in a temporary directory.
    Disabled,
    /// In this directory; it is made when first needed. Several processes may share it. Kernels are only taken from files
    /// that belong to the user and that nobody else can write.
    At(PathBuf),
}

/// Where the compiler finds its tools and keeps its cache, and what compiling may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompilerConfig {
    /// The clang 19 to use; `None`: look for one.
    pub clang: Option<PathBuf>,
    /// Where compiled libraries and kernels are kept.
    pub cache_directory: CacheDirectory,
    /// Most bytes that compiled libraries and kernels take in the cache; the least recently used go first.
    pub cache_size_limit: u64,
    /// Most time that compiling one source may take.
    pub time_limit: Duration,
    /// Most MiB of memory that clang may take. Enforced on Linux only.
    pub memory_limit_mib: u64,
}

impl Default for CompilerConfig {
    /// As the environment has it; see [`switches`](crate::switches).
    fn default() -> Self {
        Self {
            clang: switches::CLANG.value().filter(|v| !v.is_empty()).map(PathBuf::from),
            cache_directory: match switches::CACHE_DIRECTORY.value() {
                Some(value) if value.is_empty() => CacheDirectory::Disabled,
                Some(value) => CacheDirectory::At(value.into()),
                None => match user_cache_directory() {
                    Some(directory) => CacheDirectory::At(directory.join("metal-bridge")),
                    None => CacheDirectory::Disabled,
                },
            },
            cache_size_limit: switches::CACHE_MIB.number().unwrap_or(512).saturating_mul(1 << 20),
            time_limit: Duration::from_secs(switches::CLANG_SECONDS.number().unwrap_or(60)),
            memory_limit_mib: switches::CLANG_MEMORY_MIB.number().unwrap_or(4096),
        }
    }
}

/// The XDG base directory for caches. As the specification says, relative paths do not count.
fn user_cache_directory() -> Option<PathBuf> {
    let absolute = |p: PathBuf| p.is_absolute().then_some(p);
    env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .and_then(absolute)
        .or_else(|| env::home_dir().and_then(absolute).map(|home| home.join(".cache")))
}
