//! The filetest runner: reads a file's header, compiles the rest of it, and compares what happens.

pub(crate) mod files;
mod header;
mod launch;
mod reflect;
mod values;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::OnceLock;

use msl::{
    BuildOptions, CacheDirectory, CompileError, Compiler, CompilerConfig, Diagnostic, Execution,
    FunctionConstantValues, Kernel, Library, LibraryError, PipelineError,
};

use header::{File, Run};
use launch::{Code, Ending, Job, WAYS};
use values::Expected;

/// Runs one file; the error says what differs. With `METAL_BRIDGE_BLESS=1`, rewrites its expectations instead.
pub(crate) fn run_file(path: &Path) -> Result<(), String> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let mut file = File::parse(&text)?;
    let bless = std::env::var_os("METAL_BRIDGE_BLESS").is_some_and(|v| v == "1");
    let mut problems = String::new();
    let directory = path.parent().unwrap_or(Path::new("."));
    match compiler().compile(&file.source, &file.header.options(directory)?) {
        Ok(library) => {
            check_diagnostics(&mut file, library.warnings(), directory, bless, &mut problems);
            check_library(&mut file, &library, bless, &mut problems);
        }
        Err(LibraryError::Compile(CompileError { diagnostics })) => {
            check_diagnostics(&mut file, &diagnostics, directory, bless, &mut problems);
            if problems.is_empty() && !file.header.run.is_empty() {
                problems += "the file does not compile, but has [[run]] sections\n";
            }
        }
        Err(LibraryError::Compiler(failure)) => problems = format!("the compiler failed: {failure}"),
    }
    if bless && file.edited {
        std::fs::write(path, file.to_text()).map_err(|e| format!("{}: {e}", path.display()))?;
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// Checks the harness: values, comparisons, and that headers survive a blessing.
pub(crate) fn check_itself() -> Result<(), String> {
    values::check_itself()?;
    header::check_itself()
}

/// One compiler for all files. Its cache is this build's own: what another build compiled might be wrong.
fn compiler() -> &'static Compiler {
    static COMPILER: OnceLock<Compiler> = OnceLock::new();
    COMPILER.get_or_init(|| {
        let build = std::env::current_exe().and_then(std::fs::metadata).and_then(|m| m.modified());
        let age = build.ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
        let caches = Path::new(env!("CARGO_TARGET_TMPDIR")).join("filetests");
        let own = caches.join(age.unwrap_or_default().as_nanos().to_string());
        for old in std::fs::read_dir(&caches).into_iter().flatten().flatten().filter(|d| d.path() != own) {
            let _ = std::fs::remove_dir_all(old.path());
        }
        Compiler::new(CompilerConfig {
            cache_directory: CacheDirectory::At(own),
            ..CompilerConfig::default()
        })
    })
}

/// Compares the diagnostics of a compilation with `diagnostics` (first lines only) and `snippets` (all of it).
/// Paths in them are given from the file's directory.
fn check_diagnostics(
    file: &mut File,
    got: &[Diagnostic],
    directory: &Path,
    bless: bool,
    problems: &mut String,
) {
    let prefix = format!("{}/", directory.display());
    let full: Vec<String> = got.iter().map(|d| d.to_string().replace(&prefix, "")).collect();
    let heads: Vec<&str> = full.iter().map(|d| d.lines().next().unwrap_or_default()).collect();
    let header = &file.header;
    let (key, got, want) = match (&header.snippets, &header.diagnostics) {
        (Some(want), _) => ("snippets", full.join("\n"), want.clone()),
        (None, Some(want)) => ("diagnostics", heads.join("\n"), want.clone()),
        (None, None) if heads.is_empty() => return,
        (None, None) => ("diagnostics", heads.join("\n"), String::new()),
    };
    compare_text(file, key, got.trim_end(), want.trim_end(), bless, problems);
}

fn check_library(file: &mut File, library: &Library, bless: bool, problems: &mut String) {
    if let Some(want) = file.header.reflect.clone() {
        let got = reflect::describe(library.functions());
        compare_text(file, "reflect", got.trim_end(), want.trim_end(), bless, problems);
    }
    let runs = std::mem::take(&mut file.header.run);
    if runs.is_empty() && !file.header.compile_only && file.header.reflect.is_none() {
        *problems += "nothing to run: give [[run]] sections, `kernel`, `reflect`, or `compile_only = true`\n";
    }
    let mut kernels = Kernels { library, built: HashMap::new() };
    for (number, run) in runs.iter().enumerate() {
        if let Err(problem) = check_run(file, &mut kernels, number, run, bless) {
            let _ = writeln!(problems, "run {} (kernel {:?}): {problem}", number + 1, run.kernel);
        }
    }
    file.header.run = runs;
}

/// Kernels that were built before: many runs differ in their data alone.
struct Kernels<'l> {
    library: &'l Library,
    built: HashMap<(String, FunctionConstantValues), Built>,
}

/// One kernel, built in each way there is. For another CPU than this machine's, vector code is of interest: what it does of
/// its own accord with what that CPU lacks. Scalar code and the import do nothing of the sort, and take most of the time.
#[derive(Clone)]
struct Built {
    vector: Kernel,
    scalar: Option<Kernel>,
    general: Option<Kernel>,
    together: Option<Kernel>,
}

impl Kernels<'_> {
    fn build(
        &mut self,
        name: &str,
        constants: &FunctionConstantValues,
    ) -> Result<Result<Built, PipelineError>, String> {
        let key = (name.to_owned(), constants.clone());
        if let Some(built) = self.built.get(&key) {
            return Ok(Ok(built.clone()));
        }
        let build = |execution| {
            let options = BuildOptions::default().with_execution(execution);
            Kernel::build_with(self.library, name, constants, &options)
        };
        let vector = build(Execution::Vector);
        let scalar = if is_for_this_cpu() {
            build(Execution::Scalar).map(Some)
        } else {
            vector.as_ref().map(|_| None).map_err(Clone::clone)
        };
        let built = match (vector, scalar) {
            (Ok(vector), Ok(scalar)) => {
                let general = vector.for_any_threadgroup().map_err(|e| e.to_string())?;
                let together = vector.for_few_threadgroups();
                Built { vector, scalar, general, together }
            }
            (Err(error), Err(other)) if error == other => return Ok(Err(error)),
            (vector, scalar) => {
                let text = |error: Option<PipelineError>| error.map_or("none".into(), |e| e.to_string());
                return Err(format!(
                    "error as vector code: {}; as scalar code: {}",
                    text(vector.err()),
                    text(scalar.err())
                ));
            }
        };
        if is_for_this_cpu() {
            check_import(self.library, name, constants)?;
        }
        self.built.insert(key, built.clone());
        Ok(Ok(built))
    }
}

/// Whether code uses all that this machine's CPU has.
fn is_for_this_cpu() -> bool {
    std::env::var_os("METAL_BRIDGE_CPU").is_none()
}

/// Runs one `[[run]]` in every way there is.
fn check_run(
    file: &mut File,
    kernels: &mut Kernels<'_>,
    number: usize,
    run: &Run,
    bless: bool,
) -> Result<(), String> {
    let name = match (&run.kernel, kernels.library.functions()) {
        (Some(name), _) => name.clone(),
        (None, [only]) => only.name.clone(),
        (None, functions) => return Err(format!("give `kernel`: there are {} kernels", functions.len())),
    };
    let job = Job::new(run)?;
    if run.out.is_empty() && run.fault.is_none() && run.pipeline_error.is_none() && !run.endless {
        return Err("expects nothing: give out.N, fault, pipeline_error or endless".into());
    }
    match (&run.pipeline_error, kernels.build(&name, &run.constants()?)?) {
        (Some(want), Ok(_)) => Err(format!("a pipeline was built; expected the error `{want}`")),
        (Some(want), Err(error)) if has(&error.to_string(), want) => Ok(()),
        (Some(want), Err(error)) => Err(format!("pipeline error `{error}` does not have `{want}`")),
        (None, Err(error)) => Err(format!("no pipeline: {error}")),
        (None, Ok(built)) => {
            check_log(&built.vector, run.scalar.as_deref())?;
            built.general.iter().try_for_each(|general| check_log(general, run.scalar.as_deref()))?;
            WAYS.iter().try_for_each(|way| {
                let kernel = match way.code {
                    Code::Vector => Some(&built.vector),
                    Code::Scalar => built.scalar.as_ref(),
                    Code::General => built.general.as_ref(),
                    Code::Together => built.together.as_ref(),
                };
                let Some(kernel) = kernel else { return Ok(()) };
                check_way(file, number, run, kernel, &job, way, bless)
                    .map_err(|e| format!("{}: {e}", way.name))
            })
        }
    }
}

/// A kernel has vector code, or the file says why it has not.
fn check_log(kernel: &Kernel, scalar: Option<&str>) -> Result<(), String> {
    let slow = kernel.log().warnings.iter().find(|w| w.message.contains("one thread at a time"));
    match (slow, scalar) {
        (None, None) => Ok(()),
        (Some(warning), Some(want)) if has(&warning.message, want) => Ok(()),
        (Some(warning), _) => {
            Err(format!("the kernel has no vector code (`scalar` says why): {}", warning.message))
        }
        (None, Some(_)) => Err("the kernel has vector code, but the file says `scalar`".into()),
    }
}

/// The kernel can be imported to our own form, and its text says all of it.
fn check_import(library: &Library, kernel: &str, constants: &FunctionConstantValues) -> Result<(), String> {
    let text = msl::inspect(library, kernel, constants, msl::Stage::Kernel).map_err(|e| e.to_string())?;
    let again = msl::read_kernel(&text).map_err(|e| format!("{e}\n{text}"))?;
    if again == text { Ok(()) } else { Err(format!("the text\n{text}is read as\n{again}")) }
}

/// Runs a kernel in one way and compares what comes of it.
fn check_way(
    file: &mut File,
    number: usize,
    run: &Run,
    kernel: &Kernel,
    job: &Job,
    way: &launch::Way,
    bless: bool,
) -> Result<(), String> {
    let result = launch::execute(way, kernel, job)?;
    match (&result.ending, &run.fault, run.endless) {
        (Ending::Finished, None, false) => {}
        (Ending::Stopped, None, true) => {}
        (Ending::Fault(got), Some(want), _) if has(got, want) => {}
        (Ending::Fault(got), Some(want), _) => {
            return Err(format!("fault `{got}` does not have `{want}`"));
        }
        (Ending::Fault(got), None, _) => return Err(format!("unexpected fault `{got}`")),
        (Ending::Finished, Some(want), _) => return Err(format!("finished; expected the fault `{want}`")),
        (Ending::Finished, None, true) => return Err("finished, but should be endless".into()),
        (Ending::Stopped, ..) => {
            return Err(format!("still running after {:?}; stopped it", launch::TIME_LIMIT));
        }
    }
    for (index, spec) in &run.out {
        let want = Expected::parse(spec).map_err(|e| format!("out.{index}: {e}"))?;
        let got = result.buffer(*index)?;
        if let Err(difference) = want.compare(got) {
            if bless {
                file.set_output(number, *index, &want.describe(got));
            } else {
                return Err(format!("buffer {index}: {difference}\n   whole: {}", want.describe(got)));
            }
        }
    }
    Ok(())
}

/// Whether a message has all parts of `wanted`, which ` … ` separates, in their order.
fn has(message: &str, wanted: &str) -> bool {
    let mut rest = message;
    wanted.split(" … ").all(|part| match rest.split_once(part) {
        Some((_, after)) => {
            rest = after;
            true
        }
        None => false,
    })
}

fn compare_text(file: &mut File, key: &str, got: &str, want: &str, bless: bool, problems: &mut String) {
    if got == want {
        return;
    }
    if bless {
        file.set_text(key, got);
    } else {
        let _ = writeln!(problems, "{key}: expected\n{}but got\n{}", indent(want), indent(got));
    }
}

fn indent(text: &str) -> String {
    text.lines().fold(String::new(), |all, line| all + "    " + line + "\n")
}
