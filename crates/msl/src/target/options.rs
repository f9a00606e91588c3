//! How a kernel is compiled.

/// How to compile a kernel.
///
/// ```
/// use msl::{BuildOptions, Execution};
///
/// let options = BuildOptions::default();
/// assert!(options.is_checked());
/// let one_by_one = options.with_execution(Execution::Scalar);
/// # assert_eq!(one_by_one.execution(), Execution::Scalar);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BuildOptions {
    checked: bool,
    execution: Execution,
}

/// How the threads of a kernel are executed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Execution {
    /// The threads of a SIMD-group together where the compiler can do that, else one by one.
    #[default]
    Vector,
    /// One by one: slow, and simple enough to compare other ways with.
    Scalar,
}

impl Default for BuildOptions {
    /// Checked, as fast as can be.
    fn default() -> Self {
        Self { checked: true, execution: Execution::default() }
    }
}

impl BuildOptions {
    /// The same with another way to execute threads.
    #[must_use]
    pub fn with_execution(self, execution: Execution) -> Self {
        Self { execution, ..self }
    }

    /// The same without the checks that accesses stay within the memory that their pointer was made from. All else stays:
    /// loops can be stopped, and divisions by zero and shifts too wide have results.
    ///
    /// # Safety
    ///
    /// In every launch of the kernel, each access of each thread must lie within the memory bound to the argument, or
    /// within the variable, that its pointer was made from; and it must be a read if that memory is for reading only.
    #[must_use]
    pub unsafe fn unchecked(self) -> Self {
        Self { checked: false, ..self }
    }

    /// Whether accesses are checked.
    pub fn is_checked(&self) -> bool {
        self.checked
    }

    /// How threads are executed.
    pub fn execution(&self) -> Execution {
        self.execution
    }
}
