//! The ways to build and run a kernel that must agree.

use msl::{FunctionConstantValues, Kernel, KernelFault, Launch, Library, PipelineError, Scratch};

/// A way to build a kernel.
pub(crate) struct Way {
    pub(crate) name: &'static str,
    pub(crate) build: fn(&Library, &str, &FunctionConstantValues) -> Result<Kernel, PipelineError>,
}

/// The first is the one that the others are compared with.
pub(crate) const WAYS: &[Way] = &[Way { name: "scalar", build: Kernel::build }];

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
