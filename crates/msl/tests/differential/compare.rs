//! Building and running generated kernels in every way, and comparing what comes of it.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use msl::{
    CompileOptions, Compiler, CompilerConfig, FaultKind, FunctionConstantValues, Kernel, KernelFault, Launch,
    Library, LibraryError, MathMode, Memory, Scratch,
};

use super::fuzz::Program;
use super::fuzz::data::{self, BUFFERS, Dispatch};
use super::memory::{Guard, Guarded};
use super::ways::{self, WAYS};

/// A launch that takes longer hangs; generous, because the machine may be busy.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// Dispatches of each kernel.
const DISPATCHES: u64 = 4;

/// What is wrong with a kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) kind: Kind,
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The source does not compile.
    Source,
    /// No pipeline.
    Build,
    /// Different results.
    Result,
    /// A fault where another way has none.
    Fault,
    /// Something outside of the buffers was written to.
    Outside,
    Hang,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.text)
    }
}

fn problem(kind: Kind, text: impl Into<String>) -> Problem {
    Problem { kind, text: text.into() }
}

/// What was done.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) kernels: usize,
    /// Launches that all ways finished with the same results.
    pub(crate) finished: usize,
    /// Launches that faulted in all ways.
    pub(crate) faulted: usize,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kernels, finished, faulted } = self;
        write!(f, "{kernels} kernels, {} ways: {finished} launches agree, {faulted} fault alike", WAYS.len())
    }
}

pub(crate) struct Session {
    compiler: Compiler,
}

impl Default for Session {
    fn default() -> Self {
        Self { compiler: Compiler::new(CompilerConfig { cache_size_limit: 0, ..CompilerConfig::default() }) }
    }
}

impl Session {
    /// Checks programs that are compiled as one source; gives those that went wrong.
    pub(crate) fn check<'p>(
        &self,
        programs: &'p [(u64, Program)],
        counts: &mut Counts,
    ) -> Vec<(u64, &'p Program, Problem)> {
        let source = programs.iter().fold(data::PRELUDE.to_owned(), |all, (_, p)| all + &p.source());
        let library = match self.compile(&source) {
            Ok(library) => library,
            Err(problem) if programs.len() == 1 => return vec![(programs[0].0, &programs[0].1, problem)],
            // Which one is it?
            Err(_) => return programs.chunks(1).flat_map(|one| self.check(one, counts)).collect(),
        };
        let mut wrong = Vec::new();
        for (seed, program) in programs {
            counts.kernels += 1;
            if let Err(problem) = check(&library, program, *seed, counts) {
                wrong.push((*seed, program, problem));
            }
        }
        wrong
    }

    fn compile(&self, source: &str) -> Result<Library, Problem> {
        // Results must not depend on how floating-point arithmetic is rearranged.
        let options = CompileOptions { math_mode: MathMode::Safe, ..CompileOptions::default() };
        self.compiler.compile(source, &options).map_err(|error| match error {
            LibraryError::Compile(e) => problem(Kind::Source, e.to_string()),
            LibraryError::Compiler(e) => problem(Kind::Source, e.to_string()),
        })
    }
}

fn check(library: &Library, program: &Program, seed: u64, counts: &mut Counts) -> Result<(), Problem> {
    let constants = data::constants(seed);
    let build = |way: &ways::Way| build(library, program, &constants, way);
    let kernels: Vec<Kernel> = WAYS.iter().map(build).collect::<Result<_, _>>()?;
    for (number, dispatch) in program.dispatches(seed, DISPATCHES).iter().enumerate() {
        let guard = Guard::BOTH[number % 2];
        let outcomes = kernels.iter().zip(WAYS).map(|(kernel, way)| {
            let Dispatch { grid, group, .. } = dispatch;
            execute(kernel, dispatch, guard).map_err(|p| {
                problem(p.kind, format!("{}, grid {grid:?} group {group:?}: {}", way.name, p.text))
            })
        });
        let outcomes: Vec<Outcome> = outcomes.collect::<Result<_, _>>()?;
        let (first, others) = outcomes.split_first().expect("there is a way");
        if let (Some(fault), false) = (&first.fault, program.may_fault) {
            return Err(problem(Kind::Fault, format!("{}: {fault}", WAYS[0].name)));
        }
        for (other, way) in others.iter().zip(&WAYS[1..]) {
            compare(first, other).map_err(|p| {
                let Dispatch { grid, group, .. } = dispatch;
                problem(
                    p.kind,
                    format!(
                        "{} against {}, grid {grid:?} group {group:?}: {}",
                        WAYS[0].name, way.name, p.text
                    ),
                )
            })?;
        }
        match first.fault {
            None => counts.finished += 1,
            Some(_) => counts.faulted += 1,
        }
    }
    Ok(())
}

fn build(
    library: &Library,
    program: &Program,
    constants: &FunctionConstantValues,
    way: &ways::Way,
) -> Result<Kernel, Problem> {
    (way.build)(library, &program.name, constants)
        .map_err(|e| problem(Kind::Build, format!("{}: {e}", way.name)))
}

/// What a launch came to.
struct Outcome {
    fault: Option<Box<KernelFault>>,
    buffers: Vec<Vec<u8>>,
}

fn execute(kernel: &Kernel, dispatch: &Dispatch, guard: Guard) -> Result<Outcome, Problem> {
    let used =
        |i: usize| kernel.reflection().arguments.iter().any(|a| a.kind.is_buffer() && a.index as usize == i);
    let memory: Vec<Option<Guarded>> = dispatch
        .buffers
        .iter()
        .enumerate()
        .map(|(i, content)| used(i).then(|| Guarded::new(content, guard)))
        .collect();
    let buffers: Vec<_> = memory.iter().map(|m| m.as_ref().map(Guarded::binding)).collect();
    let stop = AtomicBool::new(false);
    let launch = Launch {
        buffers: &buffers,
        threadgroup_memory: &Dispatch::THREADGROUP_MEMORY,
        threads_per_grid: dispatch.grid,
        threads_per_threadgroup: dispatch.group,
        stop: &stop,
    };
    let (ended, has_ended) = channel::<()>();
    let (result, hangs) = thread::scope(|scope| {
        let stop = &stop;
        let watch = scope.spawn(move || {
            let hangs = has_ended.recv_timeout(TIME_LIMIT).is_err();
            if hangs {
                stop.store(true, Ordering::Relaxed);
            }
            hangs
        });
        // SAFETY: the memory is there during the run, and used by nothing else.
        let result = unsafe { ways::run(kernel, &launch, &mut Scratch::default()) };
        let _ = ended.send(());
        (result, watch.join().expect("the watch does not panic"))
    });
    if hangs {
        return Err(problem(Kind::Hang, format!("still running after {TIME_LIMIT:?}")));
    }
    if let Some(i) = memory.iter().position(|m| m.as_ref().is_some_and(|m| !m.is_alone())) {
        return Err(problem(Kind::Outside, format!("something beside {} was written to", BUFFERS[i].name)));
    }
    let content = |m: &Option<Guarded>| m.as_ref().map(|m| m.content().to_vec()).unwrap_or_default();
    Ok(Outcome { fault: result.err(), buffers: memory.iter().map(content).collect() })
}

fn compare(a: &Outcome, b: &Outcome) -> Result<(), Problem> {
    match (&a.fault, &b.fault) {
        (None, None) => {}
        (Some(one), Some(other)) if blamed(one) == blamed(other) => return Ok(()),
        (Some(one), Some(other)) => return Err(problem(Kind::Fault, format!("`{one}` against `{other}`"))),
        (Some(one), None) => return Err(problem(Kind::Fault, format!("`{one}` against no fault"))),
        (None, Some(other)) => return Err(problem(Kind::Fault, format!("no fault against `{other}`"))),
    }
    for (buffer, (x, y)) in
        BUFFERS.iter().zip(a.buffers.iter().zip(&b.buffers)).filter(|(b, _)| b.is_compared)
    {
        if x != y
            && let Some(difference) = data::difference(buffer, x, y)
        {
            return Err(problem(Kind::Result, difference));
        }
    }
    Ok(())
}

/// What all ways must say of a fault: threads come in different orders.
fn blamed(fault: &KernelFault) -> (&str, Option<&Memory>) {
    let memory = match &fault.kind {
        FaultKind::OutOfBounds { memory, .. } | FaultKind::WriteToReadOnly { memory, .. } => Some(memory),
        _ => None,
    };
    (&fault.kernel, memory)
}
