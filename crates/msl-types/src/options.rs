//! What to compile with (`MTLCompileOptions`).
//!
//! ```
//! use msl_types::{CompileOptions, LanguageVersion, MathMode};
//!
//! let mut options = CompileOptions { math_mode: MathMode::Safe, ..CompileOptions::default() };
//! options.preprocessor_macros.insert("TILE".into(), "16".into());
//! assert_eq!(options.language_version, LanguageVersion::V3_2);
//! ```

use std::collections::BTreeMap;
use std::path::PathBuf;

/// How freely floating-point arithmetic may be rearranged (`MTLMathMode`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MathMode {
    /// IEEE 754 results: no reassociation, NaN and infinity respected.
    Safe,
    /// Rearranges, but respects NaN and infinity.
    Relaxed,
    /// MSL's default: rearranges, and assumes that neither NaN nor infinity occurs.
    #[default]
    Fast,
}

/// A version of the Metal Shading Language (`MTLLanguageVersion`): the value of `__METAL_VERSION__`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names are the versions")]
pub enum LanguageVersion {
    V2_4,
    V3_0,
    V3_1,
    V3_2,
}

impl LanguageVersion {
    /// The value of `__METAL_VERSION__`, such as 310 for 3.1.
    pub const fn number(self) -> u32 {
        match self {
            Self::V2_4 => 240,
            Self::V3_0 => 300,
            Self::V3_1 => 310,
            Self::V3_2 => 320,
        }
    }
}

impl Default for LanguageVersion {
    /// The newest version.
    fn default() -> Self {
        Self::V3_2
    }
}

/// Options of a library's compilation (`MTLCompileOptions`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CompileOptions {
    /// Floating-point freedom; [`MathMode::Fast`] by default, as in Metal.
    pub math_mode: MathMode,
    /// Preprocessor macros: name and replacement.
    pub preprocessor_macros: BTreeMap<String, String>,
    /// Language version.
    pub language_version: LanguageVersion,
    /// Directories in which `#include "…"` looks. Empty by default: source then reaches no file but
    /// the Metal headers.
    pub include_directories: Vec<PathBuf>,
    /// The name by which diagnostics call the source.
    pub source_name: String,
}

impl Default for CompileOptions {
    fn default() -> Self {
        Self {
            math_mode: MathMode::default(),
            preprocessor_macros: BTreeMap::new(),
            language_version: LanguageVersion::default(),
            include_directories: Vec::new(),
            source_name: "program_source".into(),
        }
    }
}

/// A form of a kernel on its way from source to native code, to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// LLVM's form of one thread: inlined and optimised, accesses not yet checked.
    Llvm,
    /// The same in the compiler's own form, which its analyses work on.
    Kernel,
    /// How it is vectorised: its blocks in the order in which they run, which lanes run each, which values lanes share, and
    /// at which branches they part.
    Plan,
    /// LLVM's form of the vectorised kernel: threads together, accesses checked.
    Vector,
    /// The native code, as assembly: accesses are checked, and loops can be stopped.
    Assembly,
}
