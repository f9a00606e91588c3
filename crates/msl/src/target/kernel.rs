//! Kernels that run.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::{
    BuildOptions, Built, BuiltPart, contained, generate_scalar, generate_vector, internal, optimise,
    specialised, unsupported, vector,
};
use crate::digest::{Digest, KeyBuilder};
use crate::llvm::{Machine, Module, Processor};
use crate::reflect::KernelEntry;
use crate::runtime::{self, Code, CompilePart, Groups, Program, Scratch, Shapes};
use crate::simt::Text;
use crate::{
    Access, Argument, ArgumentKind, CompilerFailure, Execution, FunctionConstantValues, FunctionReflection,
    KernelFault, Launch, Library, MAX_TOTAL_THREADS_PER_THREADGROUP, PipelineError, PipelineLog,
};

/// A kernel compiled to native code. A cheap handle.
#[derive(Clone, Debug)]
pub struct Kernel(Arc<KernelInner>);

#[derive(Clone, Debug)]
struct KernelInner {
    source: Source,
    reflection: FunctionReflection,
    log: PipelineLog,
    program: Program,
    code: Arc<Code>,
    special: Arc<Special>,
    /// So many threadgroups of a launch are worth code for SIMD-groups that run together.
    many: u64,
}

/// Code for what a kernel's first code is not for, or slow for, made when a launch needs it.
#[derive(Debug)]
struct Special {
    /// For threadgroups that the first code is not for: straight ones, and others.
    straight: Later,
    general: Later,
    /// For threadgroups whose SIMD-groups are run together, by their number, along x and along y.
    together: Box<[[Later; 2]]>,
}

/// Code that is made when it is first needed.
type Later = OnceLock<Result<Code, PipelineError>>;

/// So many threadgroups of a launch are worth that code is made for them, if others would do.
const MANY: u64 = 32;

/// What a kernel is compiled from.
#[derive(Clone, Debug)]
struct Source {
    library: Library,
    name: String,
    constants: FunctionConstantValues,
    options: BuildOptions,
}

impl Kernel {
    /// Compiles one kernel of a library with values for its function constants.
    ///
    /// # Errors
    ///
    /// [`PipelineError`]: there is no such kernel, a constant has no value or one of the wrong type, the kernel has
    /// something in it that cannot run, or the compiler could not do its work.
    pub fn build(
        library: &Library,
        name: &str,
        constants: &FunctionConstantValues,
    ) -> Result<Self, PipelineError> {
        Self::build_with(library, name, constants, &BuildOptions::default())
    }

    /// The same with options.
    ///
    /// # Errors
    ///
    /// As for [`build`](Self::build).
    pub fn build_with(
        library: &Library,
        name: &str,
        constants: &FunctionConstantValues,
        options: &BuildOptions,
    ) -> Result<Self, PipelineError> {
        let (library, name, constants) = (library.clone(), name.to_owned(), constants.clone());
        let source = Source { library, name, constants, options: *options };
        let compiled = source.compile(Groups::Whole)?;
        let reflection = &compiled.reflection;
        let writable_buffers = reflection
            .arguments
            .iter()
            .filter(|a| a.kind.is_buffer() && a.access == Access::ReadWrite)
            .fold(0, |mask, a| mask | 1 << a.index);
        let program = Program {
            kernel: source.name.clone(),
            writable_buffers,
            static_threadgroup_memory: reflection.static_threadgroup_memory_length,
        };
        Ok(Self::new(source, program, compiled))
    }

    fn new(source: Source, program: Program, compiled: Compiled) -> Self {
        let Compiled { reflection, log, code } = compiled;
        let (straight, general) = Default::default();
        let together = (0..code.most_together()).map(|_| Default::default()).collect();
        let special = Arc::new(Special { straight, general, together });
        Self(Arc::new(KernelInner {
            source,
            reflection,
            log,
            program,
            code: Arc::new(code),
            special,
            many: MANY,
        }))
    }

    /// What the kernel takes, with the function constants applied.
    pub fn reflection(&self) -> &FunctionReflection {
        &self.0.reflection
    }

    /// What the compiler has to say of it.
    pub fn log(&self) -> &PipelineLog {
        &self.0.log
    }

    /// The options that it was compiled with.
    pub fn options(&self) -> &BuildOptions {
        &self.0.source.options
    }

    /// Compiles what a launch needs beyond what [`build`](Self::build) has compiled: code for threadgroups of
    /// other shapes, for rows of which threads are absent, and faster code for many threadgroups of a size. Does nothing if it
    /// is there. Some of it may turn out to be needed only when the kernel runs, and is compiled then.
    ///
    /// # Errors
    ///
    /// As for [`build`](Self::build).
    pub fn prepare(&self, launch: &Launch<'_>) -> Result<(), PipelineError> {
        let shapes = self.shapes(launch)?;
        [shapes.straight, shapes.general]
            .into_iter()
            .filter(|code| code.needs_part(launch))
            .try_for_each(|code| code.part().map(|_| ()))
    }

    /// The same kernel with code for threadgroups of all shapes, which [`prepare`](Self::prepare) compiles for those that need
    /// it: for tests, as it must do the same. None if the kernel has no other code for it.
    ///
    /// # Errors
    ///
    /// As for [`build`](Self::build).
    pub fn for_any_threadgroup(&self) -> Result<Option<Self>, PipelineError> {
        let KernelInner { source, program, code, .. } = &*self.0;
        if code.is_for_any_threadgroup() {
            return Ok(None);
        }
        let (source, program) = (source.clone(), program.clone());
        let compiled = source.compile(Groups::Any)?;
        Ok(Some(Self::new(source, program, compiled)))
    }

    /// The same kernel, for which [`prepare`](Self::prepare) compiles code that is faster for many threadgroups also if a launch
    /// has few of them: for tests, as it must do the same. None if the kernel has no such code.
    pub fn for_few_threadgroups(&self) -> Option<Self> {
        (self.0.code.most_together() > 0)
            .then(|| Self(Arc::new(KernelInner { many: 1, ..(*self.0).clone() })))
    }

    /// The number of units of work of a launch: threadgroups, or parts of the grid where the kernel does not know of
    /// threadgroups.
    pub fn units(&self, launch: &Launch<'_>) -> u64 {
        self.0.code.units(launch)
    }

    /// Runs these [units](Self::units) of a launch on the calling thread.
    ///
    /// Returns early with the first fault, and sets `launch.stop` then, so that other threads that run
    /// parts of the same launch stop too. Stops soon after `launch.stop` becomes true, without an error.
    ///
    /// # Safety
    ///
    /// The launch must be as [`Launch`] says. Each binding's memory must be valid for reads (and for writes, if the argument is
    /// [`Access::ReadWrite`](crate::Access::ReadWrite)) for its whole length during the call, and no Rust
    /// reference may be used to it meanwhile. The kernel itself cannot reach beyond the bindings: its
    /// accesses are checked, or the caller has promised that they need not be.
    ///
    /// # Panics
    ///
    /// If what [`prepare`](Self::prepare) would compile cannot be.
    pub unsafe fn run(
        &self,
        launch: &Launch<'_>,
        units: Range<u64>,
        scratch: &mut Scratch,
    ) -> Result<(), Box<KernelFault>> {
        debug_assert!(self.accepts(launch), "the launch is not as `Launch` says");
        let shapes = self.shapes(launch).unwrap_or_else(|error| panic!("not prepared: {error}"));
        // SAFETY: the caller's promise.
        unsafe { runtime::run(&self.0.program, shapes, launch, units, scratch) }
    }

    /// Whether a launch is as [`Launch`] says, but for unbound arguments, which may be unused: what follows from that is not
    /// checked in code.
    fn accepts(&self, launch: &Launch<'_>) -> bool {
        let threads = launch.threads_per_threadgroup.map(u128::from).iter().product::<u128>();
        let is_large_enough = |argument: &Argument| {
            let index = argument.index as usize;
            let length = match argument.kind {
                ArgumentKind::Threadgroup => {
                    launch.threadgroup_memory.get(index).map(|bytes| u64::from(*bytes))
                }
                _ => launch.buffers.get(index).copied().flatten().map(|binding| binding.length),
            };
            length.is_none_or(|length| length >= argument.size as u64)
        };
        (1..=u128::from(MAX_TOTAL_THREADS_PER_THREADGROUP)).contains(&threads)
            && self.reflection().arguments.iter().all(is_large_enough)
    }

    fn shapes(&self, launch: &Launch<'_>) -> Result<Shapes<'_>, PipelineError> {
        let KernelInner { source, code, special, many, .. } = &*self.0;
        let Special { straight, general, together } = &**special;
        let compile = |groups| source.compile(groups).map(|compiled| compiled.code);
        let together = match code.gang(launch) {
            Some(gang) if runtime::whole_threadgroups(launch) >= *many => {
                let place = &together[gang.simdgroups as usize - 1][usize::from(gang.along_y)];
                Some(place.get_or_init(|| compile(Groups::Together(gang))).as_ref().map_err(Clone::clone)?)
            }
            _ => None,
        };
        let straight = match code.is_for_straight(launch) {
            true => code,
            false => straight.get_or_init(|| compile(Groups::Straight)).as_ref().map_err(Clone::clone)?,
        };
        let general = match code.is_for_others(launch) {
            true => code,
            false => general.get_or_init(|| compile(Groups::Any)).as_ref().map_err(Clone::clone)?,
        };
        Ok(Shapes { straight, general, together })
    }
}

impl Source {
    /// Compiles code for some threadgroups, or for all if they do not matter, or takes what was compiled before.
    fn compile(&self, groups: Groups) -> Result<Compiled, PipelineError> {
        let key = self.key(groups);
        if let Some(built) = key.and_then(|key| self.library.cache().get::<Built>(key)) {
            // What cannot be linked is compiled again.
            let part = self.part(groups, None);
            if let Ok(Ok(compiled)) = contained(|| Compiled::load(built, part)) {
                return Ok(compiled);
            }
        }
        let refusal = match self.options.execution() {
            Execution::Vector => {
                let (source, options) = (self.clone(), self.options);
                let found = self.specialised(move |mut module, machine, kernel, absent| {
                    match generate_vector(&mut module, machine, kernel, absent, groups, options)? {
                        Ok((built, part)) => source.keep(key, built, source.part(groups, part)).map(Ok),
                        Err(refusal) if matches!(groups, Groups::Together(_)) => {
                            Err(unsupported(kernel, refusal))
                        }
                        Err(refusal) => Ok(Err(refusal)),
                    }
                })?;
                match found {
                    Ok(compiled) => return Ok(compiled),
                    Err(refusal) => Some(refusal),
                }
            }
            Execution::Scalar => None,
        };
        let (source, options) = (self.clone(), self.options);
        self.specialised(move |mut module, machine, kernel, absent| {
            let built = generate_scalar(&mut module, machine, kernel, absent, refusal, options)?;
            source.keep(key, built, source.part(groups, None))
        })
    }

    /// Does `work` on the kernel's own module.
    fn specialised<T: Send + 'static>(
        &self,
        work: impl FnOnce(Module, &Machine, &KernelEntry, &[bool]) -> Result<T, PipelineError> + Send + 'static,
    ) -> Result<T, PipelineError> {
        specialised(&self.library, &self.name, &self.constants, work)
    }

    /// Keeps what was generated for later processes, and loads it into this one.
    fn keep(&self, key: Option<Digest>, built: Built, part: CompilePart) -> Result<Compiled, PipelineError> {
        if let Some(key) = key {
            self.library.cache().set(key, &built);
        }
        Compiled::load(built, part)
    }

    /// How to come by the part of code for some threadgroups, whose text is there if the code has just been generated.
    fn part(&self, groups: Groups, text: Option<Text>) -> CompilePart {
        let source = self.clone();
        Box::new(move || {
            let key = part_key(&source, groups);
            let cache = source.library.cache();
            if let Some(BuiltPart { object }) = key.and_then(|key| cache.get(key)) {
                return Ok(object);
            }
            let text = text.map_or_else(|| source.text_of_part(groups), Ok)?;
            let compile = move || Machine::host().and_then(|machine| vector::compile(&text, &machine));
            let object = contained(compile)?.map_err(|message| {
                CompilerFailure::Internal(format!("kernel `{}`: {message}", source.name))
            })?;
            if let Some(key) = key {
                cache.set(key, &BuiltPart { object: object.clone() });
            }
            Ok(object)
        })
    }

    /// The text of the part, as it was when the code was generated.
    fn text_of_part(&self, groups: Groups) -> Result<Text, PipelineError> {
        let options = self.options;
        self.specialised(move |mut module, machine, kernel, absent| {
            let optimised = optimise(&mut module, machine, kernel, absent, groups)?;
            vector::vectorise(&mut module, machine, kernel, optimised, groups, options)?
                .and_then(|vectorised| vectorised.part.ok_or_else(|| "no part".into()))
                .map_err(|refusal| internal(kernel, format!("it had vector code, and now has {refusal}")))
        })
    }

    /// All that the code depends on; nothing if code is not kept.
    fn key(&self, groups: Groups) -> Option<Digest> {
        let Self { library, name, constants, options } = self;
        library.cache().root()?;
        let Processor { triple, name: processor, features } = Processor::host().ok()?;
        let key = KeyBuilder::of_compiler("kernel")
            .part(library.digest().bytes())
            .part(name)
            .part(postcard::to_allocvec(constants).ok()?)
            .part(format!("{options:?} {groups:?}"))
            .part(triple)
            .part(processor)
            .part(features);
        Some(key.finish())
    }
}

/// All that the part of code depends on; nothing if code is not kept.
fn part_key(source: &Source, groups: Groups) -> Option<Digest> {
    let key = source.key(groups)?;
    Some(KeyBuilder::default().part("part").part(key.bytes()).finish())
}

/// What compiling gave, in this process.
struct Compiled {
    reflection: FunctionReflection,
    log: PipelineLog,
    code: Code,
}

impl Compiled {
    fn load(built: Built, part: CompilePart) -> Result<Self, PipelineError> {
        let Built { generated, reflection, log } = built;
        // SAFETY: our own generators keep to what entries and imports are, and what they made comes from this process
        // or from a file that only the user can have written.
        let code = unsafe { Code::load(generated, part) }.map_err(CompilerFailure::Internal)?;
        Ok(Self { reflection, log, code })
    }
}

#[cfg(test)]
mod tests;
