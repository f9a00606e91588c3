//! Imported kernels mean what their source means: the filetests, run by the interpreter, give what they must.

#[path = "../../../tests/harness/header.rs"]
#[allow(dead_code, reason = "only a part of the harness is used here")]
mod header;
#[path = "../../../tests/harness/values.rs"]
#[allow(dead_code, reason = "only a part of the harness is used here")]
mod values;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::interpret::{self, Dispatch, Trouble};
use super::{Function, Space};
use crate::reflect::Role;
use crate::{CacheDirectory, Compiler, CompilerConfig, Library};
use header::{File, Index, Run};
use values::Expected;

/// What became of runs.
#[derive(Default)]
struct Report {
    agreed: usize,
    divergent: usize,
    problems: Vec<String>,
}

#[test]
fn filetests_give_the_same_in_the_interpreter() {
    let mut files = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/filetests"), &mut files);
    files.sort();
    let compiler = Compiler::new(CompilerConfig {
        cache_directory: CacheDirectory::Disabled,
        ..CompilerConfig::default()
    });
    let report = Mutex::new(Report::default());
    let next = AtomicUsize::new(0);
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    file(&compiler, path, &report);
                }
            });
        }
    });
    let Report { agreed, divergent, problems } = report.into_inner().unwrap();
    println!("{agreed} runs agree; {divergent} have SIMD-groups that diverge where they meet");
    assert!(
        problems.is_empty(),
        "{} of {}:\n{}",
        problems.len(),
        agreed + problems.len(),
        problems.join("\n")
    );
    assert!(agreed > 200, "only {agreed} runs were compared");
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        match path.extension() {
            _ if path.is_dir() => collect(&path, files),
            Some(extension) if extension == "metal" => files.push(path),
            _ => {}
        }
    }
}

fn file(compiler: &Compiler, path: &Path, report: &Mutex<Report>) {
    let text = std::fs::read_to_string(path).unwrap();
    let Ok(file) = File::parse(&text) else { return };
    let runs: Vec<&Run> = file.header.run.iter().filter(|run| has_plain_result(run)).collect();
    if runs.is_empty() {
        return;
    }
    let options = file.header.options(path.parent().unwrap()).unwrap();
    let Ok(library) = compiler.compile(&file.source, &options) else { return };
    for (number, run) in runs.into_iter().enumerate() {
        let result = check(&library, run);
        let mut report = report.lock().unwrap();
        match result {
            Ok(()) => report.agreed += 1,
            Err(Problem::Divergent) => report.divergent += 1,
            Err(Problem::Differs(what)) => {
                report.problems.push(format!("{} run {number}: {what}", path.display()));
            }
        }
    }
}

fn has_plain_result(run: &Run) -> bool {
    !run.out.is_empty() && run.fault.is_none() && run.pipeline_error.is_none() && !run.endless
}

enum Problem {
    Differs(String),
    Divergent,
}

fn check(library: &Library, run: &Run) -> Result<(), Problem> {
    let differs = |what: String| Problem::Differs(what);
    let name = run.kernel.clone().unwrap_or_else(|| library.functions()[0].name.clone());
    let constants = run.constants().map_err(differs)?;
    let function = crate::target::imported(library, &name, &constants).map_err(|e| differs(e.to_string()))?;
    let (mut dispatch, places) = dispatch(library, &name, &function, run).map_err(differs)?;
    match interpret::run(&function, &mut dispatch) {
        Ok(()) => {}
        Err(Trouble::Divergent) => return Err(Problem::Divergent),
        Err(trouble) => return Err(differs(format!("{trouble:?}"))),
    }
    for (index, spec) in &run.out {
        let want = Expected::parse(spec).map_err(differs)?;
        // A buffer that the kernel does not use keeps its content.
        let got = match places.get(&index.0) {
            Some(argument) => dispatch.buffers[argument].clone(),
            None => content(run, index).map_err(differs)?,
        };
        want.compare(&got).map_err(|what| differs(format!("kernel {name}, buffer {index}: {what}")))?;
    }
    Ok(())
}

/// The dispatch of a run, and the arguments by buffer index.
fn dispatch(
    library: &Library,
    name: &str,
    function: &Function,
    run: &Run,
) -> Result<(Dispatch, HashMap<usize, super::Argument>), String> {
    let group = run.group.map_or([1, 1, 1], |s| s.0);
    let grid = match (run.grid, run.threadgroups) {
        (Some(grid), _) => grid.0,
        (None, Some(groups)) => std::array::from_fn(|i| groups.0[i] * group[i]),
        (None, None) => group,
    };
    let mut dispatch = Dispatch {
        buffers: HashMap::new(),
        threadgroup_memory: HashMap::new(),
        threads_per_grid: grid,
        threads_per_threadgroup: group,
    };
    let mut places = HashMap::new();
    let kernel = library.kernel(name).ok_or("there is no such kernel")?;
    for (argument, data) in function.arguments.iter() {
        match kernel.parameters[data.parameter as usize].role {
            Role::Buffer(index) => {
                places.insert(index as usize, argument);
                dispatch.buffers.insert(argument, content(run, &Index(index as usize))?);
            }
            Role::Threadgroup(index) => {
                assert_eq!(data.space, Space::Threadgroup);
                let bytes = run.threadgroup.get(&Index(index as usize)).copied().unwrap_or(0);
                dispatch.threadgroup_memory.insert(argument, bytes as usize);
            }
            Role::Builtin { .. } => return Err("a value of the launch is no argument".into()),
        }
    }
    Ok((dispatch, places))
}

/// The content of a buffer before the run.
fn content(run: &Run, index: &Index) -> Result<Vec<u8>, String> {
    if let Some(spec) = run.input.get(index).or_else(|| run.bytes.get(index)) {
        return values::parse(spec);
    }
    if let Some(spec) = run.zero.get(index) {
        let (ty, count) = spec.split_once(' ').ok_or("write `TYPE COUNT`")?;
        let count: usize = count.trim().parse().map_err(|_| "write `TYPE COUNT`")?;
        return Ok(vec![0; values::scalar_type(ty).ok_or("write `TYPE COUNT`")?.size() * count]);
    }
    let spec = run.out.get(index).ok_or_else(|| format!("buffer {index} is not bound"))?;
    Ok(vec![0; Expected::parse(spec)?.size()])
}
