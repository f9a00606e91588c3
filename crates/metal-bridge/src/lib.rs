//! Metal compute on any machine: through Apple's Metal where there is Metal, on the processor elsewhere.
//!
//! # The model
//!
//! * A [`Device`] is something that can compute. It makes everything else.
//! * A [`Buffer`] is memory that both the program (the *host*) and kernels on the device work on.
//! * A *kernel* is a function in the Metal Shading Language (MSL), a C++ dialect. A [`Library`] is compiled
//!   source, a [`Function`] one kernel in it, and a [`ComputePipelineState`] that kernel made ready to run.
//! * A kernel runs once for each point of a *grid*: many *threads* with the same code and different
//!   positions. The grid is cut into *threadgroups*, whose threads can share memory and wait for each other;
//!   sizes are [`Size`]s.
//! * Work is written down first and done later: an *encoder* ([`ComputeCommandEncoder`],
//!   [`BlitCommandEncoder`]) writes commands into a [`CommandBuffer`], and [`commit`](CommandBuffer::commit)
//!   hands that to a [`CommandQueue`], which executes its command buffers one after the other while the host
//!   goes on.
//! * The host reads results when the work has ended: [`Buffer::read`] waits for that by itself.
//!
//! ```
//! use metal_bridge::{CompileOptions, Device, ResourceOptions};
//!
//! const SOURCE: &str = "
//!     #include <metal_stdlib>
//!     using namespace metal;
//!     kernel void add(device const float *a [[buffer(0)]],
//!                     device const float *b [[buffer(1)]],
//!                     device float *sum     [[buffer(2)]],
//!                     uint i [[thread_position_in_grid]]) {
//!         sum[i] = a[i] + b[i];
//!     }";
//!
//! # fn main() -> metal_bridge::Result<()> {
//! let device = Device::system_default()?;
//! let library = device.new_library_with_source(SOURCE, &CompileOptions::default())?;
//! let function = library.new_function_with_name("add")?;
//! let pipeline = device.new_compute_pipeline_state_with_function(&function)?;
//!
//! let a = device.new_buffer_with_data(&[1.0f32, 2.0, 3.0], ResourceOptions::default())?;
//! let b = device.new_buffer_with_data(&[10.0f32, 20.0, 30.0], ResourceOptions::default())?;
//! let sum = device.new_buffer_with_length(a.length(), ResourceOptions::default())?;
//!
//! let queue = device.new_command_queue()?;
//! let command_buffer = queue.new_command_buffer();
//! let mut encoder = command_buffer.new_compute_command_encoder()?;
//! encoder.set_compute_pipeline_state(&pipeline)?;
//! encoder.set_buffers(0, &[(&a, 0), (&b, 0), (&sum, 0)])?;
//! encoder.dispatch_threads(3, 32)?;
//! encoder.end_encoding()?;
//! command_buffer.commit()?;
//! command_buffer.wait_until_completed()?;
//!
//! assert_eq!(sum.read::<f32>()?, [11.0, 22.0, 33.0]);
//! # Ok(())
//! # }
//! ```
//!
//! # Promises
//!
//! * **Metal's words.** Types and methods have Metal's names in Rust's case; searching these pages for the
//!   Objective-C name finds ours.
//! * **Errors, not aborts.** Misuse is an [`Error`] of the call that makes it, with names and numbers; what a
//!   kernel does wrong while it runs is the error of its command buffer. No call panics.
//! * **Safe.** Handles are `Clone + Send + Sync`. Safe calls wait for work that is in their way; on the CPU device, kernels
//!   cannot reach outside of the memory that is bound, and endless ones are stopped. **Metal checks neither by itself**: there, a
//!   kernel that reaches outside of its buffers may read or overwrite other buffers of the process, as in any program of
//!   Metal's. Try kernels on the CPU device first, or under Metal's shader validation (`MTL_SHADER_VALIDATION=1`). What cannot be
//!   made safe is `unsafe`: addresses ([`Buffer::contents`]), pipelines without checks, and memory of other libraries.
//! * **Asynchronous.** Committing returns at once, and everything that committed work uses lives until it has
//!   ended.
//!
//! Command buffers of *different* queues are not ordered. If they use the same buffer at the same time and
//! one of them writes it, its contents are unspecified, as in Metal.
//!
//! # Metal and the CPU
//!
//! On macOS, iOS, tvOS and visionOS the default device is the GPU, and MSL is compiled by Metal itself, so neither LLVM nor
//! clang is needed. The feature `cpu` adds the CPU device there (it needs both); `METAL_BRIDGE_DEVICE=cpu` or [`Device::cpu`]
//! choose it. On other systems the CPU device is always there. What differs on a GPU:
//!
//! * Faults of kernels end a command buffer with [`Error::Device`], which knows neither the kernel nor the line, or with no
//!   error at all; time limits are the system's.
//! * [`Library::functions`] and [`Function::reflection`] make pipelines, since only that tells what a function takes;
//!   `constant` and `device const` buffers, and the names of structures, are told by the source, if macros do not hide them.
//! * A language version that the system does not know is replaced by the newest that it knows.
//! * Graphs run through MPSGraph (from macOS 14, iOS 17 and tvOS 17 on): functions such as `exp` have its precision, what is
//!   scattered to one element is added in any order, and a profile has one step for all of it.
//! * The built-in kernel `layer_norm_float32` takes SIMD-groups of 32 threads for granted, which all of Apple's own GPUs have, but
//!   not all GPUs of Intel Macs.
//! * [`Function::inspect`] has nothing to show, and [`ComputePipelineState::log`] is empty.
//!
//! The GPU's side has been checked by types and lints and linked; its authors **have not run it on a Mac**.
//!
//! # Where to look
//!
//! [`device`], [`buffer`], [`library`], [`pipeline`], [`queue`], [`command_buffer`] and [`encoder`] explain a
//! part each; [`graph`] has tensors and what networks are made of; [`allocator`] hands out buffers from memory that it
//! keeps, [`scheduler`] executes operations in the order of their dependencies; [`kernels`] are built in; [`switches`]
//! lists the environment variables; [`npy`] reads and writes NumPy's files; [`null`] helps to test
//! programs without compiling or running kernels.
//!
//! # Features
//!
//! None is on by default.
//!
//! * `ndarray`: `TensorData::from_array` and `to_array`, and `as_array` of a buffer's [mapping](BufferView), which copies
//!   nothing.
//! * `safetensors`: `graph::Checkpoint`, named tensors in files, and `checkpoint` and `restore` of
//!   [`GraphDevice`](graph::GraphDevice).
//! * `dlpack`: the module `dlpack`, memory shared with PyTorch and others.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod allocator;
#[cfg(feature = "ndarray")]
mod arrays;
mod backend;
pub mod buffer;
mod clock;
pub mod command_buffer;
pub mod device;
#[cfg(feature = "dlpack")]
pub mod dlpack;
pub mod encoder;
pub mod error;
mod failure;
pub mod graph;
mod handlers;
pub mod kernels;
pub mod library;
pub mod npy;
pub mod null;
pub mod pipeline;
pub mod queue;
pub mod scheduler;
pub mod size;
mod svg;
pub mod switches;
mod sync;

// Tests of executables are unit tests of `graph/lower` as well, on this device.
#[cfg(test)]
extern crate self as metal_bridge;
#[cfg(test)]
pub(crate) use backend::tensor_program::host::device as test_device;

pub use allocator::{AllocatorConfig, BufferAllocator, ClassStats, MemoryStats, Snapshot};
pub use buffer::{Buffer, BufferView, BufferViewMut, ResourceOptions, StorageMode};
pub use command_buffer::{CommandBuffer, CommandBufferStatus};
pub use device::{Device, DeviceConfig, DeviceKind};
pub use encoder::{BarrierScope, BlitCommandEncoder, ComputeCommandEncoder, DispatchType};
pub use error::{Error, Result};
pub use graph::{Graph, GraphError, GraphTensor, TensorDataType};
pub use kernels::METAL_KERNEL_SOURCE;
pub use library::{Function, Library};
pub use pipeline::ComputePipelineState;
pub use queue::CommandQueue;
pub use scheduler::{
    CommandBufferManager, Completer, Completion, ManagerConfig, ManagerStats, OperationContext,
    OperationError, OperationId, PendingOperation, Rejected, ScheduleTrace, SchedulerError,
};
pub use size::Size;

pub use msl_types::{
    Access, Argument, ArgumentKind, CompileError, CompileOptions, CompilerFailure, ConstantValue, DataType,
    Diagnostic, FaultKind, FunctionConstant, FunctionConstantValues, FunctionReflection, KernelFault,
    LanguageVersion, LibraryError, MathMode, PipelineError, PipelineLog, Remark, ScalarType, Severity,
    SourceLocation, Stage,
};

/// Makes the example in the README a doctest.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
