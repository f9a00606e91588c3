//! The flags for clang's own compiler process (`clang -cc1`).
//!
//! The driver is left out: it looks at the machine (GCC, CUDA, configuration files, environment), which costs time
//! and makes results depend on it.

use msl_types::{CompileOptions, MathMode};

use super::sources::user_directory;

/// Where clang finds the Metal headers.
pub(crate) const HEADERS: &str = "/msl/include";
/// The precompiled header, and what it is made of.
pub(crate) const PRECOMPILED: &str = "/msl/support.pch";
pub(crate) const SUPPORT: &str = "/msl/support.h";

/// C++ with the address-space rules of SYCL devices: qualified pointers convert to unqualified ones, so that `this`
/// and references without an address space take any object, while overloads and partial specialisations still tell
/// address spaces apart. The target has numbered address spaces: `device` and `constant` are 1, `threadgroup` is 3.
///
/// The flags must be the same for the precompiled header and for the source.
const LANGUAGE: &[&str] = &[
    "-triple",
    "nvptx64-nvidia-cuda",
    // Without a host, mangling __bf16 crashes clang.
    "-aux-triple",
    "x86_64-linux-gnu",
    "-std=c++17",
    "-fsycl-is-device",
    // Overloads that differ in the address space alone get different names.
    "-faddress-space-map-mangling=no",
    "-cl-single-precision-constant",
    "-ffloat16-excess-precision=none",
    "-fbfloat16-excess-precision=none",
    "-fgnuc-version=4.2.1",
    "-fdeclspec",
    "-fdeprecated-macro",
    "-fno-rtti",
    // Signed integers wrap around: undefined, LLVM may take an index out of the range that a guard has found it in.
    "-fwrapv",
    // A GPU's loop may be endless; that is stopped, not undefined.
    "-fno-finite-loops",
    "-fno-gnu-inline-asm",
    "-nostdsysteminc",
    "-nobuiltininc",
    "-O1",
    "-disable-llvm-passes",
    // Else every loop says that it must not be unrolled, and arrays indexed in short loops stay in memory.
    "-funroll-loops",
    // MSL reads memory through pointers of other types as a matter of course.
    "-relaxed-aliasing",
    "-mrelocation-model",
    "static",
    "-mframe-pointer=none",
    "-debug-info-kind=line-tables-only",
    "-dwarf-version=5",
    "-gno-column-info",
    "-fdebug-compilation-dir=/msl",
    // `__DATE__` and `__TIME__` must not make results differ.
    "-source-date-epoch",
    "0",
    "-disable-free",
    "-clear-ast-before-backend",
    // Bounds on what hostile source can make clang do; time and memory have limits besides.
    "-ftemplate-depth=512",
    "-fconstexpr-depth=512",
    "-fconstexpr-steps=1048576",
    "-fbracket-depth",
    "256",
];

const FAST: &[&str] = &[
    // Of -ffast-math all but "no infinities": INFINITY is the usual start of a maximum.
    "-menable-no-nans",
    "-fapprox-func",
    "-fno-signed-zeros",
    "-mreassociate",
    "-freciprocal-math",
    "-ffp-contract=fast",
    "-D__FAST_MATH__=1",
];
const RELAXED: &[&str] =
    &["-fapprox-func", "-fno-signed-zeros", "-mreassociate", "-freciprocal-math", "-ffp-contract=fast"];
const SAFE: &[&str] = &["-ffp-contract=on"];

/// What clang is to say.
const DIAGNOSTICS: &[&str] = &[
    "-fno-caret-diagnostics",
    "-fdiagnostics-print-source-range-info",
    // `#line` in the source must not hide where a message belongs.
    "-fno-diagnostics-use-presumed-location",
    "-fshow-overloads=best",
    // `vec<[...], 3>` would hide what differs.
    "-fno-elide-type",
    "-ferror-limit",
    "50",
    "-fmacro-backtrace-limit=4",
    "-ftemplate-backtrace-limit=10",
    "-fconstexpr-backtrace-limit=4",
];

/// Warnings beyond clang's default, and those that concern the rewriting instead of the source.
const WARNINGS: &[&str] = &[
    "-Wunused-variable",
    "-Wunused-but-set-variable",
    "-Wunused-label",
    "-Wuninitialized",
    "-Wsometimes-uninitialized",
    "-Wparentheses",
    "-Wself-assign",
    "-Wtautological-compare",
    "-Wmissing-braces",
    // `const constant` is usual, and the headers' `constant` holds a `const`.
    "-Wno-duplicate-decl-specifier",
    "-Wno-nan-infinity-disabled",
    "-Wno-unknown-pragmas",
    "-Wno-undefined-internal",
    "-Wno-undefined-inline",
    "-Wno-gcc-compat",
    "-Wno-pragma-once-outside-header",
    "-Wno-import-preprocessor-directive-pedantic",
    "-Wno-reserved-user-defined-literal",
];

/// The flags that both the precompiled header and the source are compiled with.
pub(crate) fn common(options: &CompileOptions) -> Vec<String> {
    let math = match options.math_mode {
        MathMode::Fast => FAST,
        MathMode::Relaxed => RELAXED,
        MathMode::Safe => SAFE,
    };
    let version = format!("-D__METAL_VERSION__={}", options.language_version.number());
    let fixed = LANGUAGE.iter().chain(math).map(|s| (*s).to_owned());
    fixed.chain([version, "-internal-isystem".into(), HEADERS.into()]).collect()
}

/// The flags for making the precompiled header.
pub(crate) fn precompile(options: &CompileOptions) -> Vec<String> {
    let mut flags = common(options);
    let special = [
        "-x",
        "c++-header",
        "-emit-pch",
        "-fno-pch-timestamp",
        "-main-file-name",
        "support.h",
        "-fno-caret-diagnostics",
    ];
    flags.extend(special.map(String::from));
    flags.push(SUPPORT.into());
    flags
}

/// The flags for compiling the source. Bitcode goes to the standard output.
pub(crate) fn compile(
    options: &CompileOptions,
    directories: usize,
    macros: Option<&str>,
    main: &str,
) -> Vec<String> {
    let mut flags = common(options);
    flags.extend(DIAGNOSTICS.iter().chain(WARNINGS).map(|s| (*s).to_owned()));
    flags.extend(["-x", "c++", "-emit-llvm-bc", "-main-file-name", "source", "-o", "-"].map(String::from));
    flags.extend((0..directories).flat_map(|d| ["-I".to_owned(), user_directory(d)]));
    flags.extend(["-include-pch".to_owned(), PRECOMPILED.to_owned()]);
    if let Some(macros) = macros {
        flags.extend(["-include".to_owned(), macros.to_owned()]);
    }
    flags.push(main.into());
    flags
}
