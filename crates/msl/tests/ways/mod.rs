//! The ways to build and run a kernel that must agree.

use msl::{BuildOptions, Execution, FunctionConstantValues, Kernel, KernelFault, Launch, Library, Scratch};

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

/// Builds a kernel in those of the ways that are wanted and that it has code for. An error names the way.
///
/// # Safety
///
/// If a way that is not checked is wanted, no access of the kernel is outside of its memory in any launch.
pub(crate) unsafe fn build(
    library: &Library,
    name: &str,
    constants: &FunctionConstantValues,
    wanted: impl Fn(&Way) -> bool,
) -> Result<Vec<(&'static Way, Kernel)>, String> {
    let mut built: Vec<(&Way, Kernel)> = Vec::new();
    for way in WAYS.iter().filter(|way| wanted(way)) {
        let is_same = |other: &Way| (other.execution, other.checked) == (way.execution, way.checked);
        // What is compiled for one is for the other as well.
        let beside = built.iter().find(|(other, _)| is_same(other)).map(|(_, kernel)| kernel.clone());
        let kernel = match beside {
            Some(kernel) => kernel,
            None => {
                let mut options = BuildOptions::default().with_execution(way.execution);
                if !way.checked {
                    // SAFETY: the caller's promise.
                    options = unsafe { options.unchecked() };
                }
                Kernel::build_with(library, name, constants, &options)
                    .map_err(|error| format!("{}: {error}", way.name))?
            }
        };
        let kernel = if way.together { kernel.for_few_threadgroups() } else { Some(kernel) };
        built.extend(kernel.map(|kernel| (way, kernel)));
    }
    Ok(built)
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
