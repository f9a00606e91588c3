//! Imported kernels mean what their source means: the filetests, run by the interpreter, give what they must.

mod generated;
mod import;
mod native;

#[path = "../../../tests/harness/files.rs"]
#[allow(dead_code, reason = "only a part of the harness is used here")]
pub(crate) mod files;
#[path = "../../../tests/fuzz/mod.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod fuzz;
#[path = "../../../tests/harness/header.rs"]
#[allow(dead_code, reason = "only a part of the harness is used here")]
mod header;
#[path = "../../../tests/harness/values.rs"]
#[allow(dead_code, reason = "only a part of the harness is used here")]
mod values;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use super::interpret::{self, Dispatch, Trouble};
use super::op::Ternary;
use super::{Function, Op, Space};
use crate::reflect::Role;
use crate::{CacheDirectory, Compiler, CompilerConfig, Kernel, Library};
use header::{File, Index, Run};
use values::Expected;

/// What became of runs.
#[derive(Default)]
struct Report {
    agreed: usize,
    divergent: usize,
    problems: Vec<String>,
}

/// Number of tests that share the files, so that they run at the same time.
const SHARES: usize = 8;

macro_rules! shares {
    ($($name:ident = $share:literal;)*) => {
        mod filetests_give_the_same_in_the_interpreter {
            $(#[test]
            fn $name() {
                super::share($share);
            })*
        }
    };
}

shares! { one = 0; two = 1; three = 2; four = 3; five = 4; six = 5; seven = 6; eight = 7; }

fn share(share: usize) {
    let files = files::below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/filetests"), "metal");
    let compiler = Compiler::new(CompilerConfig {
        cache_directory: CacheDirectory::Disabled,
        ..CompilerConfig::default()
    });
    let mut report = Report::default();
    for path in files.iter().skip(share).step_by(SHARES) {
        file(&compiler, path, &mut report);
    }
    let Report { agreed, divergent, problems } = report;
    println!("{agreed} runs agree; {divergent} have SIMD-groups that diverge where they meet");
    assert!(
        problems.is_empty(),
        "{} of {}:\n{}",
        problems.len(),
        agreed + problems.len(),
        problems.join("\n")
    );
    assert!(agreed > 20, "only {agreed} runs were compared");
}

fn file(compiler: &Compiler, path: &Path, report: &mut Report) {
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
    let threads = |axes: [u32; 3]| axes.into_iter().map(u64::from).product::<u64>();
    let group = threads(run.group.map_or([1; 3], |s| s.0));
    let all = run.grid.map_or(1, |s| threads(s.0)).max(run.threadgroups.map_or(1, |s| threads(s.0)) * group);
    !run.out.is_empty()
        && run.fault.is_none()
        && run.pipeline_error.is_none()
        && !run.endless
        && all <= MAX_THREADS
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
    let kernel = Kernel::build(library, &name, &constants).map_err(|e| differs(e.to_string()))?;
    // A product and a sum of halves, rounded once or twice, has no one result for any data.
    let rounds_freely = function.instructions.iter().any(|(_, data)| {
        data.op == Op::Ternary(Ternary::FMulAdd) && function.ty(data.results[0]).bits() == 16
    });
    let shuffles = if rounds_freely { 0 } else { SHUFFLES };
    let shuffled = (1..=shuffles).map(|seed| shuffle(&dispatch, &places, run, seed)).collect::<Vec<_>>();
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
    for mut dispatch in shuffled {
        let mut native = dispatch.clone();
        let faulted = !native::run(&kernel, &mut native, &places, run);
        match interpret::run(&function, &mut dispatch) {
            Ok(()) if !faulted => {}
            // Reading beyond a buffer is a fault of both.
            Err(Trouble::Fault(_)) if faulted => continue,
            other => {
                return Err(differs(format!("kernel {name}, other data: {other:?}, native fault {faulted}")));
            }
        }
        for (index, spec) in &run.out {
            let Some(argument) = places.get(&index.0) else { continue };
            if spec.starts_with("bf16 ") {
                flush_bfloats(native.buffers.get_mut(argument));
                flush_bfloats(dispatch.buffers.get_mut(argument));
            }
            let want = Expected::parse(spec).map_err(differs)?.describe(&native.buffers[argument]);
            let want = Expected::parse(&want).map_err(differs)?;
            want.compare(&dispatch.buffers[argument]).map_err(|what| {
                differs(format!("kernel {name}, buffer {index}, other data against native code: {what}"))
            })?;
        }
    }
    Ok(())
}

/// Makes subnormal values zeros: some processors' conversion to bfloat does, others' does not.
fn flush_bfloats(content: Option<&mut Vec<u8>>) {
    for value in content.into_iter().flat_map(|c| c.chunks_exact_mut(2)) {
        if value[1] & 0x7f == 0 && value[0] & 0x80 == 0 {
            value[0] = 0;
        }
    }
}

/// Larger grids take the interpreter too long.
const MAX_THREADS: u64 = 1 << 14;
/// How often each run is repeated with its inputs in another order.
const SHUFFLES: u64 = 3;

/// A dispatch with the elements of each input buffer of one type in another order.
fn shuffle(dispatch: &Dispatch, places: &HashMap<usize, super::Argument>, run: &Run, seed: u64) -> Dispatch {
    let mut dispatch = dispatch.clone();
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for (index, argument) in places.iter().collect::<BTreeMap<_, _>>() {
        let spec = run.input.get(&Index(*index)).filter(|spec| !spec.contains(';'));
        let Some(ty) = spec.and_then(|s| values::scalar_type(s.split_whitespace().next()?)) else { continue };
        let Some(content) = dispatch.buffers.get_mut(argument) else { continue };
        let mut elements: Vec<Vec<u8>> = content.chunks(ty.size()).map(<[u8]>::to_vec).collect();
        for i in (1..elements.len()).rev() {
            // Marsaglia's xorshift.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            elements.swap(i, (state % (i as u64 + 1)) as usize);
        }
        *content = elements.concat();
    }
    dispatch
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
