//! Kernels compile for AArch64, on whatever machine the tests run.

use std::collections::BTreeSet;
use std::path::Path;

use super::{BuildOptions, contained, make_safe, optimise, specialise, vector};
use crate::kernel::tests::files;
use crate::llvm::{Machine, Module};
use crate::runtime::{self, Groups};
use crate::simt::Vectorised;
use crate::{
    CacheDirectory, CompileOptions, Compiler, CompilerConfig, ConstantValue, FunctionConstantValues, Library,
    PipelineError,
};

/// Native code of a kernel: its object files and its assembly; vector code where it has that.
struct Code {
    objects: Vec<Vec<u8>>,
    assembly: String,
    is_vector: bool,
}

/// Why there is none.
enum Failure {
    /// There is no pipeline for any machine.
    Unsupported,
    Other(String),
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self::Other(message)
    }
}

impl From<PipelineError> for Failure {
    fn from(error: PipelineError) -> Self {
        match error {
            PipelineError::Unsupported { .. } => Self::Unsupported,
            other => Self::Other(other.to_string()),
        }
    }
}

fn compile(library: &Library, name: &str, halves: bool) -> Result<Code, Failure> {
    let (library, kernel) = (library.clone(), library.kernel(name).expect("it is listed").clone());
    let mut constants = FunctionConstantValues::new();
    for constant in library.functions().iter().flat_map(|f| &f.function_constants) {
        let ty = constant.data_type;
        let bytes = vec![1; ty.scalar.size() * usize::from(ty.lanes)];
        let value = ConstantValue::from_bytes(ty, &bytes).expect("the length fits the type");
        constants.set_constant_value_at_index(constant.index, value);
    }
    contained(move || {
        let machine = Machine::aarch64(halves)?;
        let lowered = || -> Result<(Vec<Module>, bool), Failure> {
            let mut module = Module::parse_bitcode(library.bitcode())?;
            let absent = specialise::apply(&module, &kernel, &constants)?;
            let optimised = optimise(&mut module, &machine, &kernel, &absent, Groups::Straight)?;
            let options = BuildOptions::default();
            if let Ok(Vectorised { whole, part, .. }) =
                vector::vectorise(&mut module, &machine, &kernel, optimised, Groups::Straight, options)?
            {
                let texts = [Some(whole), part];
                let modules: Result<_, _> =
                    texts.iter().flatten().map(|text| vector::lower(text, &machine)).collect();
                return Ok((modules?, true));
            }
            make_safe(&mut module, &machine, &kernel, options)?;
            Ok((vec![module], false))
        };
        let (mut modules, is_vector) = lowered()?;
        let assembly: Result<String, String> =
            modules.iter_mut().map(|module| machine.emit_assembly(module)).collect();
        let (mut modules, _) = lowered()?;
        let objects: Result<_, String> =
            modules.iter_mut().map(|module| machine.emit_object(module)).collect();
        Ok(Code { objects: objects?, assembly: assembly?, is_vector })
    })
    .map_err(|error| Failure::Other(error.to_string()))?
}

/// What code calls, or jumps to, that it does not define.
fn calls(assembly: &str) -> BTreeSet<&str> {
    let defined: BTreeSet<&str> = assembly.lines().filter_map(|line| line.strip_suffix(':')).collect();
    let symbol = |line: &'_ str| {
        let (operation, operands) = line.trim().split_once(['\t', ' '])?;
        let target = operands.trim().rsplit([',', ' ', '\t']).next()?.trim_start_matches(":got:");
        let is_call = matches!(operation, "bl" | "b") || operands.contains(":got:");
        (is_call && !target.starts_with(".L")).then(|| target.trim_matches('"').to_owned())
    };
    assembly
        .lines()
        .filter_map(|line| {
            let name = symbol(line)?;
            let start = line.rfind(&name)?;
            Some(&line[start..start + name.len()])
        })
        .filter(|name| !defined.contains(name))
        .collect()
}

/// Compiles all kernels of a library; gives their assembly.
fn check(library: &Library, file: &str, halves: bool) -> Vec<String> {
    let imports: BTreeSet<&str> = runtime::imports().into_iter().map(|(name, _)| name).collect();
    let mut all = Vec::new();
    for function in library.functions() {
        let place = format!("{file}, {}", function.name);
        let code = match compile(library, &function.name, halves) {
            Ok(code) => code,
            // What has no pipeline has none here either.
            Err(Failure::Unsupported) => continue,
            Err(Failure::Other(error)) => panic!("{place}: {error}"),
        };
        let is_object = |object: &Vec<u8>| object.starts_with(b"\x7fELF") && object[18] == 183;
        assert!(code.objects.iter().all(is_object), "{place}: objects for AArch64");
        let unknown: Vec<&str> = calls(&code.assembly).into_iter().filter(|c| !imports.contains(c)).collect();
        assert!(unknown.is_empty(), "{place} calls {unknown:?}");
        if code.is_vector {
            all.push(code.assembly);
        }
    }
    all
}

fn library(compiler: &Compiler, path: &Path) -> Option<Library> {
    let text = std::fs::read_to_string(path).unwrap();
    let source: String = text.lines().filter(|l| !l.starts_with("//!")).map(|l| format!("{l}\n")).collect();
    compiler.compile(&source, &CompileOptions::default()).ok()
}

fn compiler() -> Compiler {
    Compiler::new(CompilerConfig { cache_directory: CacheDirectory::Disabled, ..CompilerConfig::default() })
}

#[test]
fn built_in_kernels_compile_to_neon() {
    let kernels = Path::new(env!("CARGO_MANIFEST_DIR")).join("../metal-bridge/src/kernels");
    let compiler = compiler();
    let mut compiled = 0;
    for path in files::below(&kernels, "metal") {
        let library = library(&compiler, &path).unwrap_or_else(|| panic!("{} compiles", path.display()));
        let code = check(&library, &path.display().to_string(), true);
        assert_eq!(code.len(), library.functions().len(), "{} is vectorised", path.display());
        compiled += code.len();
        if path.ends_with("matmul.metal") {
            // What is called is seen.
            assert!(code.iter().all(|text| calls(text).contains("msl.rt.fault_at")));
            assert!(code.iter().any(|text| text.contains("\tfmla\tv")), "products are added by fmla");
        }
    }
    assert_eq!(compiled, 15);
}

#[test]
fn filetests_compile() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/filetests");
    let compiler = compiler();
    let mut compiled = 0;
    // Some of each kind; those of atomics with and without single instructions for them.
    for (i, path) in files::below(&root, "metal").iter().enumerate().filter(|(i, _)| i % 20 == 0) {
        if let Some(library) = library(&compiler, path) {
            compiled += check(&library, &path.display().to_string(), i % 40 == 0).len();
        }
    }
    assert!(compiled > 10, "only {compiled} kernels");
}
