//! From a library to a kernel that runs: one kernel is taken out, specialised, optimised, made safe to
//! run on any input, and compiled to native code.

#[cfg(test)]
mod aarch64;
mod admit;
mod bounds;
mod contained;
mod control_flow;
mod entry;
mod inspect;
mod isolate;
mod kernel;
mod legalise;
mod options;
mod precise;
mod specialise;
mod split;
mod stop;
mod suspend;
mod variables;
mod vector;

use contained::contained;
use serde::{Deserialize, Serialize};

#[cfg(test)]
pub(crate) use inspect::imported;
pub use inspect::{inspect, read_kernel};
pub use kernel::Kernel;
pub use options::{BuildOptions, Execution};

pub(crate) use bounds::user_location;
pub(crate) use entry::{ARGUMENT, GRID_POSITION, VALUE, binding_place};
pub(crate) use legalise::UNREACHABLE;

use crate::cache::Entry;
use crate::llvm::{Machine, Module};
use crate::reflect::KernelEntry;
use crate::runtime::{EntryKind, Generated, Groups, KnownMemory, Site};
use crate::simt::Text;
use crate::{
    CompilerFailure, FunctionConstantValues, FunctionReflection, Library, MAX_THREADGROUP_MEMORY_LENGTH,
    PipelineError, PipelineLog, Remark,
};
use vector::Refusal;

/// What making a kernel safe found out about it.
struct Checked {
    sites: Vec<Site>,
    memories: Vec<KnownMemory>,
    /// Whether threads wait for each other, and so are coroutines.
    waits: bool,
}

/// What optimising a kernel found out about it.
#[derive(Clone, Copy)]
pub(crate) struct Optimised {
    /// Bytes of its threadgroup variables.
    pub(crate) threadgroup_memory: usize,
    /// Whether it [is for whole SIMD-groups](entry::is_for_whole) only.
    pub(crate) is_for_whole: bool,
}

/// Does `work` on the module of a library whose function constants have values for one kernel: with a machine,
/// the kernel, and for each of its parameters whether it is absent. LLVM's failures are errors.
fn specialised<T: Send + 'static>(
    library: &Library,
    name: &str,
    constants: &FunctionConstantValues,
    work: impl FnOnce(Module, &Machine, &KernelEntry, &[bool]) -> Result<T, PipelineError> + Send + 'static,
) -> Result<T, PipelineError> {
    let Some(kernel) = library.kernel(name) else {
        return Err(PipelineError::UnknownFunction {
            name: name.into(),
            available: library.functions().iter().map(|f| f.name.clone()).collect(),
        });
    };
    let (kernel, library, constants) = (kernel.clone(), library.clone(), constants.clone());
    contained(move || {
        let machine = Machine::host().map_err(CompilerFailure::Internal)?;
        let module = Module::parse_bitcode(library.bitcode()).map_err(CompilerFailure::Internal)?;
        let absent = specialise::apply(&module, &kernel, &constants)?;
        work(module, &machine, &kernel, &absent)
    })?
}

/// What becomes of one kernel with values for its function constants.
#[derive(Serialize, Deserialize)]
pub(crate) struct Built {
    generated: Generated,
    /// What the kernel takes, with the function constants applied.
    reflection: FunctionReflection,
    log: PipelineLog,
}

/// It is code, which runs as it is.
impl Entry for Built {
    const DIRECTORY: &str = "kernels";
    const TRUSTED: bool = true;
}

/// Code for a part of a kernel that is compiled when it is needed.
#[derive(Serialize, Deserialize)]
pub(crate) struct BuiltPart {
    #[serde(with = "serde_bytes")]
    object: Vec<u8>,
}

/// As [`Built`].
impl Entry for BuiltPart {
    const DIRECTORY: &str = Built::DIRECTORY;
    const TRUSTED: bool = true;
}

/// The pipeline for vector code: every step of the way from a specialised module to an object file, in order. The text is that
/// of [`PART`](crate::runtime::PART). A refusal says why there is no such code.
fn generate_vector(
    module: &mut Module,
    machine: &Machine,
    kernel: &KernelEntry,
    absent: &[bool],
    groups: Groups,
    options: BuildOptions,
) -> Result<Result<(Built, Option<Text>), Refusal>, PipelineError> {
    let optimised = optimise(module, machine, kernel, absent, groups)?;
    let code = match vector::generate(module, machine, kernel, optimised, groups, options)? {
        Ok(code) => code,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let vector::Code { generated, part, mut remarks } = code;
    remarks.insert(0, Remark { message: execution(generated.entry), location: None });
    let log = PipelineLog { remarks, ..PipelineLog::default() };
    let reflection = reflection(kernel, absent, optimised);
    Ok(Ok((Built { generated, reflection, log }, part)))
}

/// The pipeline for code that runs one thread at a time, which `refusal` is the reason for if vector code was wanted.
fn generate_scalar(
    module: &mut Module,
    machine: &Machine,
    kernel: &KernelEntry,
    absent: &[bool],
    refusal: Option<Refusal>,
    options: BuildOptions,
) -> Result<Built, PipelineError> {
    let optimised = optimise(module, machine, kernel, absent, Groups::Any)?;
    let Checked { sites, memories, waits } = make_safe(module, machine, kernel, options)?;
    let how = if waits { "each thread is a coroutine" } else { "threads run one after the other" };
    let object = machine.emit_object(module).map_err(|message| internal(kernel, message))?;
    let entry = if waits { EntryKind::Threads } else { EntryKind::Threadgroup };
    let (groups, most_together, has_part) = (Groups::Any, 0, false);
    let mut log = PipelineLog::default();
    log.remarks.push(Remark { message: format!("scalar code: {how}"), location: None });
    log.warnings.extend(refusal.map(|refusal| {
        let message = format!("runs one thread at a time, which is slow: it has {refusal}");
        Remark { message, location: None }
    }));
    let generated = Generated { object, entry, groups, most_together, has_part, sites, memories };
    Ok(Built { generated, reflection: reflection(kernel, absent, optimised), log })
}

/// What a kernel takes, with the function constants applied.
fn reflection(kernel: &KernelEntry, absent: &[bool], optimised: Optimised) -> FunctionReflection {
    let present = kernel.parameters.iter().zip(absent).filter(|(_, absent)| !**absent);
    FunctionReflection {
        arguments: present.filter_map(|(parameter, _)| parameter.argument()).collect(),
        static_threadgroup_memory_length: optimised.threadgroup_memory,
        ..kernel.reflection.clone()
    }
}

/// How vector code executes threads, for the log.
fn execution(entry: EntryKind) -> String {
    let how = match entry {
        EntryKind::Grid { step: [threads, 1] } => {
            format!("whatever the threadgroups, {threads} threads along x run together")
        }
        EntryKind::Grid { step: [threads, rows] } => {
            format!("whatever the threadgroups, {threads} threads along x in {rows} rows run together")
        }
        EntryKind::Threadgroup | EntryKind::Threads => {
            "the threads of each SIMD-group run together".to_owned()
        }
        EntryKind::Simdgroups => {
            "the threads of each SIMD-group run together; SIMD-groups wait for each other at barriers"
                .to_owned()
        }
    };
    format!("vector code: {how}")
}

/// The first half: leaves one optimised function for some threadgroups, of which everything is known and nothing is checked.
fn optimise(
    module: &mut Module,
    machine: &Machine,
    kernel: &KernelEntry,
    absent: &[bool],
    groups: Groups,
) -> Result<Optimised, PipelineError> {
    // Before any optimisation: undefined behaviour of C++ that MSL defines must not mislead LLVM.
    isolate::isolate(module, kernel).map_err(|reason| unsupported(kernel, reason))?;
    module.set_machine(machine);
    let threadgroup_memory = variables::reserve_threadgroup(module);
    if threadgroup_memory > MAX_THREADGROUP_MEMORY_LENGTH {
        let reason = format!(
            "it declares {threadgroup_memory} bytes of threadgroup memory; \
             at most {MAX_THREADGROUP_MEMORY_LENGTH} are supported"
        );
        return Err(unsupported(kernel, reason));
    }
    legalise::legalise(module);
    precise::keep_mathematics(module);
    let is_for_whole = entry::is_for_whole(module, kernel, groups);
    entry::add_thread_function(module, kernel, absent, is_for_whole);
    let passes = "always-inline,globaldce,default<O1>";
    module.run_passes(passes, machine).map_err(|message| internal(kernel, message))?;
    admit::admit(module).map_err(|reason| unsupported(kernel, reason))?;
    Ok(Optimised { threadgroup_memory, is_for_whole })
}

/// The second half: makes every access and loop of the function safe, and gives the runtime its entry.
fn make_safe(
    module: &mut Module,
    machine: &Machine,
    kernel: &KernelEntry,
    options: BuildOptions,
) -> Result<Checked, PipelineError> {
    let internal = |message: String| internal(kernel, message);
    entry::resolve_values(module);
    let (mut sites, memories) = bounds::check_accesses(module, kernel, options.is_checked())
        .map_err(|reason| unsupported(kernel, reason))?;
    stop::stop_loops(module);
    let waits = suspend::suspend(module, &mut sites);
    entry::add_entry(module, waits).map_err(internal)?;
    module.strip_debug_info();
    module.verify().map_err(internal)?;
    module.run_passes("always-inline,default<O1>", machine).map_err(internal)?;
    legalise::return_at_unreachable(module);
    module.verify().map_err(internal)?;
    Ok(Checked { sites, memories, waits })
}

fn internal(kernel: &KernelEntry, message: String) -> PipelineError {
    let name = &kernel.reflection.name;
    CompilerFailure::Internal(format!("kernel `{name}`: {message}")).into()
}

fn unsupported(kernel: &KernelEntry, reason: String) -> PipelineError {
    PipelineError::Unsupported { kernel: kernel.reflection.name.clone(), reason }
}
