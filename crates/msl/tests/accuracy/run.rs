//! Running a function of the library on many operands.

use std::fmt::Write as _;
use std::sync::atomic::AtomicBool;

use msl::{
    Binding, CacheDirectory, CompileOptions, Compiler, CompilerConfig, Kernel, Launch, Library, MathMode,
    Scratch,
};

use super::{FUNCTIONS, Function};

const GROUP: u32 = 1024;

/// The functions of one namespace, compiled in one math mode.
pub(crate) struct Program {
    /// With a kernel `run_NAME` for each function.
    pub(crate) library: Library,
}

impl Program {
    /// Compiles a kernel for each function.
    pub(crate) fn new(namespace: &str, math_mode: MathMode) -> Self {
        let mut source = String::from("#include <metal_stdlib>\nusing namespace metal;\n");
        for function in FUNCTIONS {
            let name = function.name;
            let operands = if function.reference.arity() == 1 { "x[i]" } else { "x[i], y[i]" };
            let _ = writeln!(
                source,
                "kernel void run_{name}(device const float* x [[buffer(0)]], device const float* y [[buffer(1)]], \
                 device float* r [[buffer(2)]], uint i [[thread_position_in_grid]]) {{ \
                 r[i] = {namespace}::{name}({operands}); }}"
            );
        }
        let config =
            CompilerConfig { cache_directory: CacheDirectory::Disabled, ..CompilerConfig::default() };
        let options = CompileOptions { math_mode, ..CompileOptions::default() };
        let library = Compiler::new(config).compile(&source, &options).expect("the kernels compile");
        Self { library }
    }

    /// The kernel of a function.
    pub(crate) fn kernel(&self, function: &Function) -> Kernel {
        let name = format!("run_{}", function.name);
        Kernel::build(&self.library, &name, &Default::default()).expect("the kernel is supported")
    }
}

/// Applies a function's kernel to operands. `r` has room for the results, and all have the same length.
pub(crate) fn apply(kernel: &Kernel, x: &mut [f32], y: &mut [f32], r: &mut [f32]) {
    assert!(x.len() == y.len() && x.len() == r.len());
    let bind = |values: &mut [f32]| {
        Some(Binding { address: values.as_mut_ptr().cast(), length: size_of_val(values) as u64 })
    };
    let buffers = [bind(x), bind(y), bind(r)];
    let launch = Launch {
        buffers: &buffers,
        threadgroup_memory: &[],
        threads_per_grid: [x.len() as u32, 1, 1],
        threads_per_threadgroup: [GROUP, 1, 1],
        stop: &AtomicBool::new(false),
    };
    let units = kernel.units(&launch);
    // SAFETY: the bindings are exclusively borrowed slices, which nothing refers to during the call.
    unsafe { kernel.run(&launch, 0..units, &mut Scratch::default()) }.expect("no fault");
}
