//! The ways to build and run a kernel that must agree.

use msl::{
    BuildOptions, Execution, FunctionConstantValues, Kernel, KernelFault, Launch, Library, PipelineError,
    Scratch,
};

/// A way to build a kernel.
pub(crate) struct Way {
    pub(crate) name: &'static str,
    execution: Execution,
    /// Whether accesses outside of memory are found; if not, there must be none.
    pub(crate) checked: bool,
    /// SIMD-groups of a threadgroup run together wherever they can.
    together: bool,
}

/// The first is the one that the others are compared with.
pub(crate) const WAYS: &[Way] = &[
    Way { name: "scalar", execution: Execution::Scalar, checked: true, together: false },
    Way { name: "vector", execution: Execution::Vector, checked: true, together: false },
    Way { name: "unchecked vector", execution: Execution::Vector, checked: false, together: false },
    Way { name: "SIMD-groups together", execution: Execution::Vector, checked: true, together: true },
];

impl Way {
    /// Builds a kernel; none if it has no such code.
    ///
    /// # Safety
    ///
    /// If the way is not checked, no access of the kernel is outside of its memory in any launch.
    pub(crate) unsafe fn build(
        &self,
        library: &Library,
        name: &str,
        constants: &FunctionConstantValues,
    ) -> Result<Option<Kernel>, PipelineError> {
        let mut options = BuildOptions::default().with_execution(self.execution);
        if !self.checked {
            // SAFETY: the caller's promise.
            options = unsafe { options.unchecked() };
        }
        let kernel = Kernel::build_with(library, name, constants, &options)?;
        Ok(if self.together { kernel.for_few_threadgroups() } else { Some(kernel) })
    }
}

/// Runs all of a launch on this thread.
///
/// # Safety
///
/// As for [`Kernel::run`].
pub(crate) unsafe fn run(
    kernel: &Kernel,
    launch: &Launch<'_>,
    scratch: &mut Scratch,
) -> Result<(), Box<KernelFault>> {
    // SAFETY: the caller's promise.
    unsafe { kernel.run(launch, 0..kernel.units(launch), scratch) }
}
