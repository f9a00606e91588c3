//! The front end as a whole, with the machine's clang.

use std::fs;
use std::path::Path;

use msl_types::{CompileOptions, MathMode, Severity};

use super::*;

fn compiler(cache: &Path) -> Compiler {
    Compiler::new(CompilerConfig {
        cache_directory: CacheDirectory::At(cache.to_owned()),
        ..CompilerConfig::default()
    })
}

/// A configuration with headers that all tests share, and no libraries.
fn shared() -> CompilerConfig {
    let directory = Path::new(env!("OUT_DIR")).join("headers-for-tests");
    CompilerConfig {
        cache_directory: CacheDirectory::At(directory),
        cache_size_limit: 0,
        ..CompilerConfig::default()
    }
}

fn compile_with(source: &str, options: &CompileOptions) -> Result<Compiled, LibraryError> {
    Compiler::new(shared()).compile_to_bitcode(source, options)
}

#[track_caller]
fn compile(source: &str) -> Compiled {
    compile_with(source, &CompileOptions::default()).unwrap_or_else(|e| panic!("{e}"))
}

#[track_caller]
fn errors_with(source: &str, options: &CompileOptions) -> String {
    match compile_with(source, options) {
        Err(LibraryError::Compile(e)) => e.to_string(),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn errors(source: &str) -> String {
    errors_with(source, &CompileOptions::default())
}

/// The first line of the first error.
#[track_caller]
fn first_error(source: &str) -> String {
    errors(source).lines().next().unwrap_or_default().to_owned()
}

const KERNEL: &str =
    "kernel void k(device float* x [[buffer(0)]], uint i [[thread_position_in_grid]]) { x[i] *= 2; }\n";

#[test]
fn a_kernel_compiles() {
    let compiled = compile(KERNEL);
    assert!(compiled.bitcode.starts_with(b"BC"));
    assert_eq!(compiled.warnings, []);
}

#[test]
fn results_do_not_depend_on_when_and_where() {
    let source = format!(
        "{KERNEL}constant char when[] = __DATE__ __TIME__ __FILE__;\n\
        kernel void n(device char* x [[buffer(0)]], uint i [[thread_position_in_grid]]) {{ x[i] = when[i]; }}"
    );
    assert!(compile(&source) == compile(&source), "by time");
    let bytes = String::from_utf8_lossy(&compile(&source).bitcode).into_owned();
    assert!(!bytes.contains("/tmp") && !bytes.contains(env!("OUT_DIR")), "by place");
}

#[test]
fn errors_are_in_the_users_places_and_words() {
    assert_eq!(
        errors(
            "#include <metal_stdlib>\nusing namespace metal;\nkernel void k(device float* x [[buffer(0)]]) {\n  float4 y = x;\n}"
        ),
        "program_source:4:10: error: no viable conversion from 'device float *' to 'float4'\n  float4 y = x;\n         ^   ~"
    );
}

#[test]
fn columns_count_the_users_bytes() {
    let source = "kernel void k(device float* x [[buffer(0)]], constant uint& n [[buffer(1)]]) { /* é */ x[0] = n + oops; }";
    let column = source.find("oops").unwrap() + 1;
    assert!(
        errors(source)
            .starts_with(&format!("program_source:1:{column}: error: use of undeclared identifier 'oops'"))
    );
}

#[test]
fn line_directives_do_not_mislead() {
    let source = format!("{KERNEL}#line 100 \"elsewhere\"\nfloat f() {{ return oops; }}");
    assert!(errors(&source).starts_with("program_source:3:20: error: use of undeclared identifier 'oops'"));
}

#[test]
fn every_kind_of_line_end_counts() {
    for end in ["\n", "\r\n", "\r"] {
        let source = ["", "float f() {", "  return oops;", "}"].join(end);
        assert!(
            first_error(&source).starts_with("program_source:3:10: "),
            "{end:?}: {}",
            first_error(&source)
        );
    }
}

#[test]
fn the_source_may_have_any_name() {
    for name in ["my \"kernel\".metal", "", "a\nb", "dir/../x.metal", "/msl/include/metal_stdlib"] {
        let options = CompileOptions { source_name: name.into(), ..CompileOptions::default() };
        compile_with(KERNEL, &options).unwrap_or_else(|e| panic!("{name:?}: {e}"));
        let error = errors_with("float f() { return oops; }", &options);
        assert!(error.starts_with(&format!("{name}:1:20: error: ")), "{error}");
    }
}

#[test]
fn an_error_in_a_header_is_reported_where_the_user_caused_it() {
    let error = errors("#include <metal_stdlib>\nushort f(float x) {\n  return as_type<ushort>(x);\n}");
    assert_eq!(
        error.lines().next(),
        Some("program_source:3:10: error: as_type needs types of the same size"),
        "{error}"
    );
    assert!(!error.contains("/msl/"), "{error}");
}

#[test]
fn warnings_are_the_users_own() {
    let warnings = compile("#include <metal_stdlib>\nvoid f() {\n  int unused = 1;\n}\n").warnings;
    assert_eq!(warnings.len(), 1);
    assert_eq!(warnings[0].severity, Severity::Warning);
    assert_eq!(
        warnings[0].to_string(),
        "program_source:3:7: warning: unused variable 'unused' [-Wunused-variable]\n  int unused = 1;\n      ^~~~~~"
    );
}

#[test]
fn what_metal_lacks_is_an_error_only_where_it_is_used() {
    assert_eq!(first_error("double f();"), "program_source:1:1: error: 'double' is not supported in Metal");
    assert_eq!(
        first_error("int f(int x) {\n  goto end;\nend: return x;\n}"),
        "program_source:2:3: error: 'goto' is not supported in Metal"
    );
    assert_eq!(
        first_error("#define A as##m\nvoid f() { A(\"nop\"); }").lines().next().unwrap().split(": ").nth(1),
        Some("error")
    );
    compile("#if 0\ndouble f() { asm(\"nop\"); }\n#endif\n#define UNUSED virtual double\n");
}

#[test]
fn warnings_that_are_switched_off_do_not_hide_what_metal_lacks() {
    let source = "#pragma clang diagnostic ignored \"-Weverything\"\nint f() __asm__(\"abort\");\nint g() __attribute__((alias(\"f\")));\n";
    let error = errors(source);
    assert!(error.contains("program_source:2:9: error: '__asm__' is not supported in Metal"), "{error}");
    assert!(error.contains("program_source:3:24: error: 'alias' is not supported in Metal"), "{error}");
}

#[test]
fn conditional_operands_of_different_address_spaces() {
    let compiled = compile(
        "#include <metal_stdlib>\nusing namespace metal;\n\
         kernel void k(device const half2* a [[buffer(0)]], device half2* b [[buffer(1)]], constant int& c [[buffer(2)]],\n\
         uint i [[thread_position_in_grid]]) {\n  b[i] = c > 1 ? a[i] : half2(0);\n  b[i] += c ? half2(1) : c > 2 ? a[i] : b[i];\n}",
    );
    assert_eq!(compiled.warnings, []);
    // Two in one line.
    compile(
        "#include <metal_stdlib>\nusing namespace metal;\n\
         kernel void k(device const half2* a [[buffer(0)]], device half2* b [[buffer(1)]], uint i [[thread_position_in_grid]]) {\n\
         b[i] = (i > 1 ? a[i] : half2(0)) + (i > 2 ? half2(b[i]) : a[2]);\n}",
    );
    let error = errors("struct A {}; struct B {};\nvoid f(bool c, A a, B b) { c ? a : b; }");
    assert!(
        error.starts_with("program_source:2:30: error: incompatible operand types ('A' and 'B')"),
        "{error}"
    );
}

#[test]
fn variables_that_outlive_a_call_are_constant() {
    let source = "#define TABLE constant float\nTABLE a[2] = {1, 2};\nconst float b = 1;\nvoid f() { static constant int c = 1; }\n";
    compile(source);
    assert_eq!(
        errors(
            "template <typename T> struct A {};\nstatic A<int> counter;\nvoid f() {\n  static int calls[2];\n}"
        ),
        "program_source:2:15: error: variable 'counter' must be in the constant address space\nstatic A<int> counter;\n              ^\n\
         program_source:4:14: error: variable 'calls' must be in the constant address space\n  static int calls[2];\n             ^"
    );
}

#[test]
fn malformed_attributes() {
    assert!(
        first_error("kernel void k(device int* a [[buffer(0]]) { a[0] = 1; }")
            .ends_with("error: malformed attribute 'buffer'")
    );
}

#[test]
fn half_and_bfloat_convert() {
    compile(
        "template <typename T, typename U> T f(U x) { return static_cast<T>(x); }\n\
             bfloat a(half x) { return f<bfloat>(x); } half b(bfloat x) { return f<half>(x); } int c(half x) { return f<int>(x); }",
    );
}

#[test]
fn macros_of_the_options() {
    let mut options = CompileOptions::default();
    options.preprocessor_macros.insert("INDEX".into(), "[[buffer(3)]]".into());
    options.preprocessor_macros.insert("TWICE(x)".into(), "((x) * 2)".into());
    options.preprocessor_macros.insert("EMPTY".into(), String::new());
    compile_with("kernel void k(device int* x INDEX) { x[0] = TWICE(4) EMPTY; }", &options).unwrap();
    options.preprocessor_macros.insert("BAD".into(), "oops".into());
    let error = errors_with("int f() { return BAD; }", &options);
    assert!(error.contains("preprocessor_macros:1:13: note: expanded from macro 'BAD'"), "{error}");
    for (name, value) in
        [("a b", "1"), ("", "1"), ("1", "1"), ("a", "1\n#include </etc/passwd>"), ("a(", "1")]
    {
        let mut options = CompileOptions::default();
        options.preprocessor_macros.insert(name.into(), value.into());
        assert!(errors_with(KERNEL, &options).contains("cannot be defined"), "{name:?} {value:?}");
    }
}

#[test]
fn math_modes_differ() {
    let source = "#ifdef __FAST_MATH__\n#define NAME fast\n#else\n#define NAME precise\n#endif\n\
                  float NAME(float a, float b) { return a * b + a; }";
    let compiled = [MathMode::Fast, MathMode::Relaxed, MathMode::Safe].map(|math_mode| {
        compile_with(source, &CompileOptions { math_mode, ..CompileOptions::default() }).unwrap().bitcode
    });
    assert!(compiled[0] != compiled[1] && compiled[1] != compiled[2]);
}

mod includes {
    use super::*;

    struct Tree(tempfile::TempDir);

    impl Tree {
        fn new(files: &[(&str, &str)]) -> Self {
            let tree = Self(tempfile::tempdir().unwrap());
            for (name, text) in files {
                let path = tree.0.path().join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            tree
        }

        fn path(&self, name: &str) -> String {
            self.0.path().join(name).to_str().unwrap().to_owned()
        }

        fn options(&self, directories: &[&str]) -> CompileOptions {
            let include_directories = directories.iter().map(|d| self.0.path().join(d)).collect();
            CompileOptions { include_directories, ..CompileOptions::default() }
        }
    }

    #[test]
    fn files_are_found_and_rewritten() {
        let tree = Tree::new(&[
            (
                "inc/a.h",
                "#pragma once\n#include \"sub/b.h\"\n#include <c.h>\nkernel void a(device int* x [[buffer(0)]]) { x[0] = B + C; }\n",
            ),
            ("inc/sub/b.h", "#pragma once\n#include \"../a.h\"\n#define B 1\n"),
            ("more/c.h", "#define C 2\n"),
        ]);
        let source = "#include \"a.h\"\n#include \"sub/../a.h\"\n#if !__has_include(\"sub/b.h\") || __has_include(\"no.h\")\n#error wrong\n#endif\n";
        compile_with(source, &tree.options(&["inc", "more"])).unwrap();
        compile_with(
            &format!("#include \"{}\"\n{source}", tree.path("inc/a.h")),
            &tree.options(&["inc", "more"]),
        )
        .unwrap();
        // The same file by two names is one file.
        compile_with("#include \"a.h\"\n#include \"inc/a.h\"\n", &tree.options(&["inc", ".", "more"]))
            .unwrap();
    }

    #[test]
    fn errors_name_the_users_file() {
        let tree = Tree::new(&[("inc/a.h", "\nfloat a(device float* x [[buffer(0)]]) { return oops; }\n")]);
        let error = errors_with("#include \"a.h\"\n", &tree.options(&["inc"]));
        assert!(
            error.starts_with(&format!(
                "{}:2:49: error: use of undeclared identifier 'oops'\nfloat a(",
                tree.path("inc/a.h")
            )),
            "{error}"
        );
    }

    #[test]
    fn names_made_by_macros() {
        let tree = Tree::new(&[("inc/a.h", "#define A [[buffer(1)]]\n")]);
        let source = "#define STRING(x) #x\n#define NAME(x) STRING(x.h)\n#include NAME(a)\nkernel void k(device int* x A) { x[0] = 1; }\n";
        let cache = tempfile::tempdir().unwrap();
        let compiler = compiler(cache.path());
        let options = tree.options(&["inc"]);
        let first = compiler.compile_to_bitcode(source, &options).unwrap();
        // The file counts, although the source does not show its name.
        fs::write(tree.path("inc/a.h"), "#define A [[buffer(2)]]\n").unwrap();
        assert!(compiler.compile_to_bitcode(source, &options).unwrap() != first);
    }

    #[test]
    fn files_outside_are_not_read() {
        let tree =
            Tree::new(&[("secret.h", "#define SECRET 42\n"), ("inc/a.h", "#include \"../secret.h\"\n")]);
        #[cfg(unix)]
        std::os::unix::fs::symlink(tree.path("secret.h"), tree.path("inc/link.h")).unwrap();
        let options = tree.options(&["inc"]);
        for source in [
            "#include \"../secret.h\"".to_owned(),
            "#include \"a.h\"".to_owned(),
            "#include \"link.h\"".to_owned(),
            "#include \"sub/../../secret.h\"".to_owned(),
            format!("#include \"{}\"", tree.path("secret.h")),
            format!("#define F \"{}\"\n#include F", tree.path("secret.h")),
            format!("%:include \"{}\"", tree.path("secret.h")),
            format!("#import \"{}\"", tree.path("secret.h")),
            format!("#include_next \"{}\"", tree.path("secret.h")),
            "#include \"/etc/passwd\"".to_owned(),
            "#include </etc/passwd>".to_owned(),
            "#include \"/proc/self/environ\"".to_owned(),
            "#include \"/dev/zero\"".to_owned(),
            "#include \"inc\"".to_owned(),
            "#include \"\"".to_owned(),
        ] {
            let error = errors_with(&source, &options);
            assert!(
                error.contains("file not found") || error.contains("empty filename"),
                "{source}: {error}"
            );
        }
        for embed in ["#embed", "#em\\\nbed", "%:embed", "# /**/ embed"] {
            let source = format!("constant char secret[] = {{\n{embed} \"{}\"\n}};\n", tree.path("secret.h"));
            errors_with(&source, &options);
        }
        let source = format!("#if __has_include(\"{}\")\n#error seen\n#endif\n", tree.path("secret.h"));
        compile_with(&source, &options).unwrap();
    }

    #[test]
    fn cycles_end() {
        let tree = Tree::new(&[("a.h", "#include \"b.h\"\n"), ("b.h", "#include \"a.h\"\n")]);
        let error = errors_with("#include \"a.h\"\n", &tree.options(&["."]));
        assert!(error.contains("#include nested too deeply"), "{error}");
    }

    #[test]
    fn a_changed_file_is_compiled_again() {
        let tree = Tree::new(&[("a.h", "#define A 1\n")]);
        let cache = tempfile::tempdir().unwrap();
        let compiler = compiler(cache.path());
        let source = "#include \"a.h\"\nkernel void k(device int* x) { x[0] = A; }";
        let first = compiler.compile_to_bitcode(source, &tree.options(&["."])).unwrap();
        assert!(compiler.compile_to_bitcode(source, &tree.options(&["."])).unwrap() == first);
        fs::write(tree.path("a.h"), "#define A 2\n").unwrap();
        assert!(compiler.compile_to_bitcode(source, &tree.options(&["."])).unwrap() != first);
    }
}

mod hostile {
    use super::*;

    /// Compiles something that may fail in any way but a panic.
    fn survive(source: &str) -> Result<Compiled, LibraryError> {
        let config = CompilerConfig {
            time_limit: std::time::Duration::from_secs(20),
            memory_limit_mib: 1024,
            ..shared()
        };
        Compiler::new(config).compile_to_bitcode(source, &CompileOptions::default())
    }

    #[test]
    fn deep_nesting() {
        for (open, close) in
            [("(", ")"), ("{", "}"), ("[", "]"), ("[[", "]]"), ("template <", ">"), ("a<", ">"), ("-", "x")]
        {
            let depth = 20_000;
            let source = format!("int x = {}1{};", open.repeat(depth), close.repeat(depth));
            assert!(survive(&source).is_err(), "{open}");
        }
        assert!(survive(&"#if 1\n".repeat(100_000)).is_err());
    }

    #[test]
    fn endless_templates_and_constants() {
        for source in [
            "template <int N> struct A { typedef typename A<N + 1>::type type; }; A<0>::type x;",
            "constexpr int f(int n) { return n == -1 ? 0 : f(n + 1); } constant int x = f(0); static_assert(f(0), \"\");",
            "constexpr int f() { for (;;) {} return 0; } static_assert(f(), \"\");",
            "#define A B B\n#define B C C\n#error never expanded",
        ] {
            let result = survive(source);
            assert!(matches!(result, Err(LibraryError::Compile(_))), "{source}: {result:?}");
        }
    }

    #[test]
    fn a_source_that_needs_too_much_memory() {
        let doublings: String = (1..40).map(|i| format!("#define A{i} A{} A{}\n", i - 1, i - 1)).collect();
        let result = survive(&format!("#define A0 1,1,1,1,1,1,1,1,\n{doublings}constant int x[] = {{A36}};"));
        assert!(
            matches!(
                result,
                Err(LibraryError::Compiler(
                    CompilerFailure::OutOfMemory { limit_mib: 1024 } | CompilerFailure::TimedOut { .. }
                ))
            ),
            "{result:?}"
        );
    }

    #[test]
    fn crashing_clang_is_an_error() {
        let result = survive("#pragma clang __debug crash\n");
        assert!(matches!(result, Err(LibraryError::Compiler(CompilerFailure::Crashed { .. }))), "{result:?}");
    }

    #[test]
    fn odd_bytes() {
        for source in [
            "\0",
            "\u{feff}int a;",
            "\u{1a}",
            "é漢 = 1;",
            "int a;\0\0",
            "\"",
            "'",
            "R\"",
            "\\",
            "#",
            "/*",
            "\r\r\n",
        ] {
            match survive(source) {
                Ok(_) | Err(LibraryError::Compile(_)) => {}
                other => panic!("{source:?}: {other:?}"),
            }
        }
    }

    #[test]
    fn long_lines_have_short_snippets() {
        let source = format!("int a = {}oops{};", "1 + ".repeat(5000), " + 1".repeat(5000));
        assert!(errors(&source).len() < 2000);
    }
}

mod caching {
    use super::*;

    /// Shows whether clang is asked: it is no clang.
    #[cfg(unix)]
    fn without_clang(cache: &Path, clang: &Path) -> Compiler {
        Compiler::new(CompilerConfig {
            clang: Some(clang.to_owned()),
            cache_directory: CacheDirectory::At(cache.to_owned()),
            time_limit: std::time::Duration::from_secs(20),
            ..CompilerConfig::default()
        })
    }

    #[cfg(unix)]
    #[test]
    fn a_library_is_compiled_once() {
        let cache = tempfile::tempdir().unwrap();
        let scripts = tempfile::tempdir().unwrap();
        let counter = scripts.path().join("count");
        let clang = super::fake::script(
            scripts.path(),
            &format!("echo x >> {}\nexec {} \"$@\"", counter.display(), super::fake::real_clang()),
        );
        let count = || fs::read_to_string(&counter).map_or(0, |t| t.lines().count());
        let first = without_clang(cache.path(), &clang)
            .compile_to_bitcode(KERNEL, &CompileOptions::default())
            .unwrap();
        assert_eq!(count(), 3, "version, headers, source");
        let second = without_clang(cache.path(), &clang)
            .compile_to_bitcode(KERNEL, &CompileOptions::default())
            .unwrap();
        assert_eq!(count(), 3);
        assert!(first == second);
        let safe = CompileOptions { math_mode: MathMode::Safe, ..CompileOptions::default() };
        without_clang(cache.path(), &clang).compile_to_bitcode(KERNEL, &safe).unwrap();
        assert_eq!(count(), 5, "other headers, other source");
    }

    #[test]
    fn without_a_cache_directory() {
        let compiler = Compiler::new(CompilerConfig {
            cache_directory: CacheDirectory::Disabled,
            ..CompilerConfig::default()
        });
        compiler.compile_to_bitcode(KERNEL, &CompileOptions::default()).unwrap();
        compiler.compile_to_bitcode(KERNEL, &CompileOptions::default()).unwrap();
        // A file where the directory should be.
        let file = tempfile::NamedTempFile::new().unwrap();
        super::compiler(file.path()).compile_to_bitcode(KERNEL, &CompileOptions::default()).unwrap();
    }

    #[test]
    fn damaged_headers_are_made_anew() {
        let cache = tempfile::tempdir().unwrap();
        let compile = |compiler: &Compiler, source: &str| {
            compiler.compile_to_bitcode(source, &CompileOptions::default()).unwrap()
        };
        let long_lived = compiler(cache.path());
        compile(&long_lived, KERNEL);
        let headers = fs::read_dir(cache.path().join("headers")).unwrap().next().unwrap().unwrap().path();
        for (number, name) in ["support.pch", "include/metal_stdlib", "checksum"].into_iter().enumerate() {
            fs::write(headers.join(name), "damaged").unwrap();
            compile(&compiler(cache.path()), &format!("{KERNEL}// {number} new compiler"));
            fs::write(headers.join(name), "damaged").unwrap();
            compile(&long_lived, &format!("#include <metal_stdlib>\n{KERNEL}// {number}"));
        }
        fs::remove_dir_all(cache.path()).unwrap();
        compile(&long_lived, &format!("{KERNEL}// removed"));
    }

    #[test]
    fn several_compilers_start_at_once() {
        let cache = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let cache = cache.path();
                scope.spawn(move || {
                    let source = format!("{KERNEL}// {}", thread % 2);
                    compiler(cache).compile_to_bitcode(&source, &CompileOptions::default()).unwrap();
                });
            }
        });
        let names = fs::read_dir(cache.path().join("headers")).unwrap().count();
        assert_eq!(names, 1, "nothing is left behind");
    }
}

/// Programs that only claim to be clang.
#[cfg(unix)]
mod fake {
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;
    use std::time::Duration;

    use super::*;

    pub(super) fn script(directory: &Path, body: &str) -> PathBuf {
        let path = directory.join("clang");
        fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    pub(super) fn real_clang() -> String {
        let cache = Cache::new(&CacheDirectory::Disabled, 0);
        let config = CompilerConfig::default();
        let limits = Compiler::new(config.clone()).limits();
        clang::find(config.clang.as_deref(), &cache, limits).unwrap().path.to_str().unwrap().to_owned()
    }

    fn run(body: &str) -> CompilerFailure {
        let directory = tempfile::tempdir().unwrap();
        let compiler = Compiler::new(CompilerConfig {
            clang: Some(script(directory.path(), body)),
            cache_directory: CacheDirectory::At(directory.path().join("cache")),
            time_limit: Duration::from_millis(500),
            memory_limit_mib: 256,
            ..CompilerConfig::default()
        });
        match compiler.compile_to_bitcode(KERNEL, &CompileOptions::default()) {
            Err(LibraryError::Compiler(failure)) => failure,
            other => panic!("{other:?}"),
        }
    }

    const GOOD_VERSION: &str = "[ \"$1\" = --version ] && { echo clang version 19.1.7; exit; }\n";

    #[test]
    fn missing() {
        let config = CompilerConfig {
            clang: Some("/nowhere/clang".into()),
            cache_directory: CacheDirectory::Disabled,
            ..CompilerConfig::default()
        };
        let result = Compiler::new(config).compile_to_bitcode(KERNEL, &CompileOptions::default());
        let searched = vec!["/nowhere/clang".to_owned()];
        assert_eq!(result, Err(CompilerFailure::NotFound { searched }.into()));
    }

    #[test]
    fn not_executable() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let config = CompilerConfig {
            clang: Some(file.path().to_owned()),
            cache_directory: CacheDirectory::Disabled,
            ..CompilerConfig::default()
        };
        let result = Compiler::new(config).compile_to_bitcode(KERNEL, &CompileOptions::default());
        assert!(matches!(result, Err(LibraryError::Compiler(CompilerFailure::Io { .. }))), "{result:?}");
    }

    #[test]
    fn another_version() {
        let failure = run("echo clang version 18.1.8");
        assert!(
            matches!(&failure, CompilerFailure::WrongVersion { found, .. } if found == "clang version 18.1.8"),
            "{failure:?}"
        );
        assert!(
            failure.to_string().contains("is not clang 19, but says `clang version 18.1.8`"),
            "{failure}"
        );
        assert!(matches!(run("exit 0"), CompilerFailure::WrongVersion { .. }));
    }

    #[test]
    fn hanging() {
        let limit = Duration::from_millis(500);
        assert_eq!(run("sleep 100"), CompilerFailure::TimedOut { limit });
        assert_eq!(run(&format!("{GOOD_VERSION}sleep 100")), CompilerFailure::TimedOut { limit });
        // With its outputs closed, with a child that holds them, and printing without end.
        assert_eq!(
            run(&format!("{GOOD_VERSION}exec >&- 2>&-; sleep 100")),
            CompilerFailure::TimedOut { limit }
        );
        assert_eq!(run(&format!("{GOOD_VERSION}sleep 100 & exit 0")), CompilerFailure::TimedOut { limit });
        assert_eq!(run(&format!("{GOOD_VERSION}yes error: >&2")), CompilerFailure::TimedOut { limit });
    }

    #[test]
    fn crashing() {
        let failure = run(&format!("{GOOD_VERSION}echo some words >&2; kill -SEGV $$"));
        assert_eq!(
            failure,
            CompilerFailure::Crashed { status: "signal 11".into(), stderr: "some words".into() }
        );
        let failure = run("echo broken >&2; exit 3");
        assert_eq!(
            failure,
            CompilerFailure::Crashed { status: "exit status 3".into(), stderr: "broken".into() }
        );
    }

    #[test]
    fn without_memory() {
        let failure = run(&format!("{GOOD_VERSION}echo 'LLVM ERROR: out of memory' >&2; kill -ABRT $$"));
        assert_eq!(failure, CompilerFailure::OutOfMemory { limit_mib: 256 });
    }

    #[test]
    fn the_limit_holds() {
        // The shell tells its limit of memory, in KiB.
        let failure = run(&format!("{GOOD_VERSION}sleep 0.1; ulimit -v >&2; exit 3"));
        assert_eq!(
            failure,
            CompilerFailure::Crashed { status: "exit status 3".into(), stderr: "262144".into() }
        );
    }

    #[test]
    fn reading_nothing_and_reporting_nonsense() {
        let failure = run(&format!("{GOOD_VERSION}cat; echo nonsense >&2; exit 1"));
        assert!(matches!(failure, CompilerFailure::Internal(_)), "{failure:?}");
    }
}
