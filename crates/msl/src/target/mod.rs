//! From a library to a kernel that runs: one kernel is taken out, specialised, optimised, made safe to
//! run on any input, and compiled to native code.

mod admit;
mod bounds;
mod contained;
mod control_flow;
mod entry;
mod inspect;
mod isolate;
mod legalise;
mod precise;
mod specialise;
mod split;
mod stop;
mod suspend;
mod variables;

use std::ops::Range;
use std::sync::Arc;

use contained::contained;

#[cfg(test)]
pub(crate) use inspect::imported;
pub use inspect::{inspect, read_kernel};

pub(crate) use bounds::user_location;
pub(crate) use entry::{ARGUMENT, GRID_POSITION, THREAD, VALUE};
pub(crate) use legalise::UNREACHABLE;

use crate::llvm::{LoadedObject, Machine, Module};
use crate::reflect::KernelEntry;
use crate::runtime::{self, Entry, KnownMemory, Program, Scratch, Site};
use crate::{
    Access, CompilerFailure, FunctionConstantValues, FunctionReflection, KernelFault, Launch, Library,
    MAX_THREADGROUP_MEMORY_LENGTH, PipelineError,
};

/// A kernel compiled to native code. A cheap handle.
#[derive(Clone, Debug)]
pub struct Kernel(Arc<KernelInner>);

#[derive(Debug)]
struct KernelInner {
    reflection: FunctionReflection,
    program: Program,
    /// Holds the code that `program` points into.
    _object: LoadedObject,
}

/// What generating code found out about a kernel.
struct Generated {
    object: Vec<u8>,
    static_threadgroup_memory: usize,
    checked: Checked,
}

/// What making a kernel safe found out about it.
struct Checked {
    sites: Vec<Site>,
    memories: Vec<KnownMemory>,
    /// Whether threads wait for each other, and so are coroutines.
    waits: bool,
}

impl Kernel {
    /// Compiles one kernel of a library with values for its function constants.
    pub fn build(
        library: &Library,
        name: &str,
        constants: &FunctionConstantValues,
    ) -> Result<Self, PipelineError> {
        specialised(library, name, constants, |mut module, machine, kernel, absent| {
            let generated = generate(&mut module, machine, kernel, absent)?;
            load(kernel, absent, generated)
        })
    }

    /// What the kernel takes, with the function constants applied.
    pub fn reflection(&self) -> &FunctionReflection {
        &self.0.reflection
    }

    /// Runs the threadgroups with these linear indices (x fastest) of a launch on the calling thread.
    ///
    /// Returns early with the first fault, and sets `launch.stop` then, so that other threads that run
    /// parts of the same launch stop too. Stops soon after `launch.stop` becomes true, without an error.
    ///
    /// # Safety
    ///
    /// Each binding's memory must be valid for reads (and for writes, if the argument is
    /// [`Access::ReadWrite`](crate::Access::ReadWrite)) for its whole length during the call, and no Rust
    /// reference may be used to it meanwhile. The kernel itself cannot reach beyond the bindings: its
    /// accesses are checked.
    pub unsafe fn run(
        &self,
        launch: &Launch<'_>,
        groups: Range<u64>,
        scratch: &mut Scratch,
    ) -> Result<(), Box<KernelFault>> {
        // SAFETY: the caller's promise.
        unsafe { runtime::run(&self.0.program, launch, groups, scratch) }
    }
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

/// The pipeline: every step of the way from a specialised module to an object file, in order.
fn generate(
    module: &mut Module,
    machine: &Machine,
    kernel: &KernelEntry,
    absent: &[bool],
) -> Result<Generated, PipelineError> {
    let static_threadgroup_memory = optimise(module, machine, kernel, absent)?;
    let checked = make_safe(module, machine, kernel)?;
    let object = machine.emit_object(module).map_err(|message| internal(kernel, message))?;
    Ok(Generated { object, static_threadgroup_memory, checked })
}

/// The first half: leaves one optimised function, of which everything is known and nothing is checked.
/// Returns the bytes of its threadgroup variables.
fn optimise(
    module: &mut Module,
    machine: &Machine,
    kernel: &KernelEntry,
    absent: &[bool],
) -> Result<usize, PipelineError> {
    // Before any optimisation: undefined behaviour of C++ that MSL defines must not mislead LLVM.
    isolate::isolate(module, kernel).map_err(|reason| unsupported(kernel, reason))?;
    module.set_machine(machine);
    let static_threadgroup_memory = variables::reserve_threadgroup(module);
    if static_threadgroup_memory > MAX_THREADGROUP_MEMORY_LENGTH {
        let reason = format!(
            "it declares {static_threadgroup_memory} bytes of threadgroup memory; \
             at most {MAX_THREADGROUP_MEMORY_LENGTH} are supported"
        );
        return Err(unsupported(kernel, reason));
    }
    legalise::legalise(module);
    precise::keep_mathematics(module);
    entry::add_thread_function(module, kernel, absent);
    let passes = "always-inline,globaldce,default<O1>";
    module.run_passes(passes, machine).map_err(|message| internal(kernel, message))?;
    admit::admit(module).map_err(|reason| unsupported(kernel, reason))?;
    Ok(static_threadgroup_memory)
}

/// The second half: makes every access and loop of the function safe, and gives the runtime its entry.
fn make_safe(module: &mut Module, machine: &Machine, kernel: &KernelEntry) -> Result<Checked, PipelineError> {
    let internal = |message: String| internal(kernel, message);
    entry::resolve_values(module);
    let (mut sites, memories) =
        bounds::check_accesses(module, kernel).map_err(|reason| unsupported(kernel, reason))?;
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

fn load(kernel: &KernelEntry, absent: &[bool], generated: Generated) -> Result<Kernel, PipelineError> {
    let internal = |message: String| PipelineError::from(CompilerFailure::Internal(message));
    // SAFETY: generated code declares the imports with the types they have.
    let object = unsafe { LoadedObject::load(&generated.object, &runtime::imports()) }.map_err(internal)?;
    let entry = if generated.checked.waits {
        let start = object.address(entry::THREAD).map_err(internal)?;
        let resume = object.address(entry::RESUME).map_err(internal)?;
        // SAFETY: the symbols were generated with these signatures.
        unsafe {
            Entry::Threads {
                start: std::mem::transmute::<usize, unsafe extern "C" fn(_, _, _, _, _)>(start),
                resume: std::mem::transmute::<usize, unsafe extern "C" fn(_)>(resume),
            }
        }
    } else {
        let run = object.address(entry::THREADGROUP).map_err(internal)?;
        // SAFETY: the symbol was generated with this signature.
        Entry::Threadgroup(unsafe { std::mem::transmute::<usize, unsafe extern "C" fn(_)>(run) })
    };
    let arguments = kernel
        .parameters
        .iter()
        .zip(absent)
        .filter(|(_, absent)| !**absent)
        .filter_map(|(p, _)| p.argument());
    let reflection = FunctionReflection {
        arguments: arguments.collect(),
        static_threadgroup_memory_length: generated.static_threadgroup_memory,
        ..kernel.reflection.clone()
    };
    let writable_buffers = reflection
        .arguments
        .iter()
        .filter(|a| a.kind.is_buffer() && a.access == Access::ReadWrite)
        .fold(0, |mask, a| mask | 1 << a.index);
    let program = Program {
        kernel: kernel.reflection.name.clone(),
        entry,
        sites: generated.checked.sites,
        memories: generated.checked.memories,
        writable_buffers,
        static_threadgroup_memory: generated.static_threadgroup_memory,
    };
    Ok(Kernel(Arc::new(KernelInner { reflection, program, _object: object })))
}
