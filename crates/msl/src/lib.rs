//! A compiler for the Metal Shading Language: MSL source to native code, through clang and LLVM.
//!
//! The path of a kernel:
//!
//! 1. [`Compiler::compile`] turns source into a [`Library`]: the source is rewritten to C++ that clang
//!    understands, clang (a separate process, under limits) compiles it against our own `<metal_stdlib>`
//!    to unoptimised LLVM bitcode, and the kernels' reflection is read from that.
//! 2. [`Kernel::build`] makes one kernel of a library runnable: function constants get their values, the
//!    kernel is optimised alone and compiled to native code.
//! 3. [`Kernel::run`] runs units of a [`Launch`]: threadgroups, or parts of the grid.
//!
//! Hostile source can at worst make these return an error.
//!
//! ```
//! use msl::{Binding, CompileOptions, Compiler, CompilerConfig, FunctionConstantValues, Kernel, Launch, Scratch};
//!
//! let source = "kernel void twice(device float *x [[buffer(0)]], uint i [[thread_position_in_grid]]) { x[i] *= 2; }";
//! let library = Compiler::new(CompilerConfig::default()).compile(source, &CompileOptions::default())?;
//! let kernel = Kernel::build(&library, "twice", &FunctionConstantValues::new())?;
//!
//! let mut x = [1.0f32, 2.0, 3.0];
//! let binding = Binding { address: x.as_mut_ptr().cast(), length: size_of_val(&x) as u64 };
//! let launch = Launch {
//!     buffers: &[Some(binding)],
//!     threadgroup_memory: &[],
//!     threads_per_grid: [3, 1, 1],
//!     threads_per_threadgroup: [32, 1, 1],
//!     stop: &false.into(),
//! };
//! // SAFETY: `x` is there during the call and used by nothing else.
//! unsafe { kernel.run(&launch, 0..kernel.units(&launch), &mut Scratch::default())? };
//! assert_eq!(x, [2.0, 4.0, 6.0]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod cache;
mod digest;
pub mod front;
mod kernel;
mod library;
mod llvm;
mod reflect;
mod runtime;
mod simt;
pub mod switches;
mod target;

pub use front::{CacheDirectory, Compiler, CompilerConfig};
pub use library::Library;
pub use msl_types::*;
pub use runtime::Scratch;
pub use target::{BuildOptions, Execution, Kernel, inspect, read_kernel};

use std::sync::atomic::AtomicBool;

/// The tests of this crate's inside share code with those of its outside.
#[cfg(test)]
extern crate self as msl;

/// Threads of a SIMD-group, as on Apple's GPUs.
pub const SIMD_WIDTH: u32 = 32;
/// Most threads a threadgroup may have.
pub const MAX_TOTAL_THREADS_PER_THREADGROUP: u32 = 1024;
/// Most bytes of threadgroup memory, declared and bound together.
pub const MAX_THREADGROUP_MEMORY_LENGTH: usize = 32 << 10;
/// Number of buffer slots, and of threadgroup-memory slots, of a kernel.
pub const MAX_BUFFERS: usize = 31;

/// Memory bound to a buffer index: the address of its first byte (binding offset applied) and its length.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Binding {
    /// First byte.
    pub address: *mut u8,
    /// Bytes from there to the end of the buffer.
    pub length: u64,
}

/// One dispatch: bindings and sizes. The caller has validated it: all arguments that the kernel uses are bound, with at least the
/// sizes that the reflection asks for; a threadgroup has at least one thread and at most [`MAX_TOTAL_THREADS_PER_THREADGROUP`].
#[derive(Clone, Copy, Debug)]
pub struct Launch<'a> {
    /// By buffer index; [`MAX_BUFFERS`] entries at most.
    pub buffers: &'a [Option<Binding>],
    /// Bytes of threadgroup memory by threadgroup index; [`MAX_BUFFERS`] entries at most.
    pub threadgroup_memory: &'a [u32],
    /// Threads of the whole grid (x, y, z); need not be a multiple of the threadgroup's.
    pub threads_per_grid: [u32; 3],
    /// Threads of a full threadgroup.
    pub threads_per_threadgroup: [u32; 3],
    /// Set to true to stop the launch; checked in loops.
    pub stop: &'a AtomicBool,
}

impl Launch<'_> {
    /// Number of threadgroups along each axis; the last ones may be partial.
    pub fn threadgroups_per_grid(&self) -> [u32; 3] {
        std::array::from_fn(|i| self.threads_per_grid[i].div_ceil(self.threads_per_threadgroup[i].max(1)))
    }
}
