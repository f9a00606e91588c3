//! Building and running generated kernels in every way, and comparing what comes of it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use msl::{
    CompileOptions, Compiler, CompilerConfig, FaultKind, Kernel, KernelFault, Launch, Library, LibraryError,
    MathMode, Memory, Scratch,
};

use super::fuzz::data::{self, BUFFERS, Dispatch};
use super::fuzz::{Class, Program};
use super::memory::{Guard, Guarded};
use super::replay;
use super::ways::{self, WAYS, Way};

/// A launch that takes longer hangs; generous, because the machine may be busy.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// Dispatches of each kernel.
const DISPATCHES: u64 = 12;
/// One in so many kernels is tried without checks as well.
const UNCHECKED: u64 = 4;

/// What is wrong with a kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) kind: Kind,
    pub(crate) text: String,
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
    /// The process died.
    Crash,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.text)
    }
}

pub(crate) fn problem(kind: Kind, text: impl Into<String>) -> Problem {
    Problem { kind, text: text.into() }
}

/// What was done.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) kernels: usize,
    /// Launches that all ways finished with the same results.
    pub(crate) finished: usize,
    /// Launches that faulted in all ways.
    pub(crate) faulted: usize,
    /// What the compiler warned of, and how often.
    pub(crate) warnings: BTreeMap<String, usize>,
}

impl Counts {
    pub(crate) fn add(&mut self, other: Self) {
        self.kernels += other.kernels;
        self.finished += other.finished;
        self.faulted += other.faulted;
        for (warning, count) in other.warnings {
            *self.warnings.entry(warning).or_default() += count;
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kernels, finished, faulted, warnings } = self;
        for (warning, count) in warnings {
            writeln!(f, "{count} times: {warning}")?;
        }
        let launches = finished + faulted;
        write!(
            f,
            "{kernels} kernels, {launches} launches in {} ways: {finished} agree, {faulted} fault alike",
            WAYS.len()
        )
    }
}

pub(crate) struct Session {
    compiler: Compiler,
    /// Checks each program in a process of its own, which may die.
    pub(crate) isolated: bool,
}

impl Session {
    pub(crate) fn new(isolated: bool) -> Self {
        let compiler = Compiler::new(CompilerConfig { cache_size_limit: 0, ..CompilerConfig::default() });
        Self { compiler, isolated }
    }

    /// Checks programs that are compiled as one source; gives those that went wrong.
    pub(crate) fn check<'p>(
        &self,
        programs: &'p [(u64, Program)],
        counts: &mut Counts,
    ) -> Vec<(u64, &'p Program, Problem)> {
        if self.isolated {
            let wrong = |(seed, program): &'p (u64, Program)| {
                counts.kernels += 1;
                Some((*seed, program, replay::apart(*seed, program)?))
            };
            return programs.iter().filter_map(wrong).collect();
        }
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
            if let Err(problem) = check(&library, &Subject::of(program), *seed, counts) {
                wrong.push((*seed, program, problem));
            }
        }
        wrong
    }

    /// Checks a kernel by its source.
    pub(crate) fn check_source(&self, subject: &Subject<'_>, seed: u64, source: &str) -> Result<(), Problem> {
        let library = self.compile(&(data::PRELUDE.to_owned() + source))?;
        check(&library, subject, seed, &mut Counts::default())
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

/// What is to know of a kernel beside its source.
pub(crate) struct Subject<'a> {
    pub(crate) name: &'a str,
    pub(crate) class: Class,
    pub(crate) may_fault: bool,
}

impl<'a> Subject<'a> {
    pub(crate) fn of(program: &'a Program) -> Self {
        Self { name: &program.name, class: program.class, may_fault: program.may_fault }
    }
}

fn check(library: &Library, subject: &Subject<'_>, seed: u64, counts: &mut Counts) -> Result<(), Problem> {
    let constants = data::constants(seed);
    // What lies outside of buffers is undefined without checks.
    let wanted = |way: &Way| way.checked || !subject.may_fault && seed.is_multiple_of(UNCHECKED);
    // SAFETY: programs are made so that they stay within their buffers if they may not fault.
    let built = unsafe { ways::build(library, subject.name, &constants, wanted) };
    let (ways, kernels): (Vec<&Way>, Vec<Kernel>) =
        built.map_err(|text| problem(Kind::Build, text))?.into_iter().unzip();
    for (kernel, way) in kernels.iter().zip(&ways) {
        for warning in &kernel.log().warnings {
            if warning.message.contains("a bug of the compiler") {
                return Err(problem(Kind::Build, format!("{}: {}", way.name, warning.message)));
            }
            let text = format!("{}: {}", way.name, warning.message.replace(subject.name, "K"));
            *counts.warnings.entry(text).or_default() += 1;
        }
    }
    let arguments = &kernels[0].reflection().arguments;
    let uses = |i: usize| arguments.iter().any(|a| a.kind.is_buffer() && a.index as usize == i);
    for (number, dispatch) in Dispatch::some(subject.class, seed, DISPATCHES, uses).iter().enumerate() {
        let guard = Guard::BOTH[number % 2];
        let Dispatch { grid, group, .. } = dispatch;
        let outcomes = kernels.iter().zip(&ways).map(|(kernel, way)| {
            execute(kernel, dispatch, guard).map_err(|p| {
                problem(p.kind, format!("{}, grid {grid:?} group {group:?}: {}", way.name, p.text))
            })
        });
        let outcomes: Vec<Outcome> = outcomes.collect::<Result<_, _>>()?;
        let (first, others) = outcomes.split_first().expect("there is a way");
        if let (Some(fault), false) = (&first.fault, subject.may_fault) {
            return Err(problem(Kind::Fault, format!("{}: {fault}", WAYS[0].name)));
        }
        for (other, way) in others.iter().zip(&ways[1..]) {
            compare(first, other).map_err(|p| {
                let names = format!("{} against {}", WAYS[0].name, way.name);
                problem(p.kind, format!("{names}, grid {grid:?} group {group:?}: {}", p.text))
            })?;
        }
        match first.fault {
            None => counts.finished += 1,
            Some(_) => counts.faulted += 1,
        }
    }
    Ok(())
}

/// What a launch came to.
struct Outcome {
    fault: Option<Box<KernelFault>>,
    buffers: Vec<Vec<u8>>,
}

fn execute(kernel: &Kernel, dispatch: &Dispatch, guard: Guard) -> Result<Outcome, Problem> {
    let memory: Vec<Option<Guarded>> =
        dispatch.buffers.iter().map(|c| (!c.is_empty()).then(|| Guarded::new(c, guard))).collect();
    let buffers: Vec<_> = memory.iter().map(|m| m.as_ref().map(Guarded::binding)).collect();
    let stop = AtomicBool::new(false);
    let launch = Launch {
        buffers: &buffers,
        threadgroup_memory: &Dispatch::THREADGROUP_MEMORY,
        threads_per_grid: dispatch.grid,
        threads_per_threadgroup: dispatch.group,
        stop: &stop,
    };
    kernel.prepare(&launch).map_err(|e| problem(Kind::Build, e.to_string()))?;
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
