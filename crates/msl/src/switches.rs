//! Every environment variable that changes what this crate does. Nothing else of it reads the environment
//! (but for what all programs read: `PATH`, `HOME`, the XDG directories, the directory for temporary files).
//!
//! ```
//! for switch in msl::switches::ALL {
//!     println!("{}: {}", switch.name, switch.doc);
//! }
//! ```

use std::env;
use std::ffi::OsString;

/// An environment variable that changes what this crate does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Switch {
    /// The variable's name.
    pub name: &'static str,
    /// What it does, its values and its default.
    pub doc: &'static str,
}

/// The path of clang 19.
pub const CLANG: Switch = Switch {
    name: "METAL_BRIDGE_CLANG",
    doc: "Path of the clang 19 to use. Default: clang-19 or clang from PATH, or LLVM 19's usual directories.",
};
/// The directory of the cache.
pub const CACHE_DIRECTORY: Switch = Switch {
    name: "METAL_BRIDGE_CACHE_DIR",
    doc: "Directory of the cache of compiled libraries, kernels and headers; empty: no cache is kept. \
          Default: metal-bridge in the user's cache directory (XDG_CACHE_HOME or ~/.cache).",
};
/// Size limit of the cache.
pub const CACHE_MIB: Switch = Switch {
    name: "METAL_BRIDGE_CACHE_MIB",
    doc: "Most MiB that compiled libraries and kernels may take in the cache. Default: 512.",
};
/// Time limit of clang.
pub const CLANG_SECONDS: Switch = Switch {
    name: "METAL_BRIDGE_CLANG_SECONDS",
    doc: "Most seconds that compiling one library's source may take. Default: 60.",
};
/// Memory limit of clang.
pub const CLANG_MEMORY_MIB: Switch = Switch {
    name: "METAL_BRIDGE_CLANG_MEMORY_MIB",
    doc: "Most MiB of memory that clang may take (Linux). Default: 4096.",
};

/// The processor to generate code for.
pub const CPU: Switch = Switch {
    name: "METAL_BRIDGE_CPU",
    doc: "Restricts the CPU features that kernels use: native, generic, or on x86-64 x86-64, x86-64-v2, x86-64-v3 or \
          x86-64-v4. Features that this CPU lacks are never used. Default: native.",
};

/// All switches.
pub const ALL: &[Switch] = &[CLANG, CACHE_DIRECTORY, CACHE_MIB, CLANG_SECONDS, CLANG_MEMORY_MIB, CPU];

impl Switch {
    /// The variable's value, if it is set.
    pub fn value(&self) -> Option<OsString> {
        env::var_os(self.name)
    }

    /// The variable's value as a positive number; none if it is not set or no such number.
    pub fn number(&self) -> Option<u64> {
        self.value()?.to_str()?.trim().parse().ok().filter(|n| *n > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_are_documented_and_named_alike() {
        for switch in ALL {
            assert!(switch.name.starts_with("METAL_BRIDGE_"), "{}", switch.name);
            assert!(switch.doc.ends_with('.'), "{}", switch.name);
            assert_eq!(ALL.iter().filter(|s| s.name == switch.name).count(), 1);
        }
    }
}
