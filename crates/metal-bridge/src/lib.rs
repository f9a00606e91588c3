//! Metal compute on any machine.
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
//! * **Safe.** Handles are `Clone + Send + Sync`. Safe calls wait for work that is in their way; kernels
//!   cannot reach outside of the memory that is bound. The one `unsafe` call is [`Buffer::contents`].
//! * **Asynchronous.** Committing returns at once, and everything that committed work uses lives until it has
//!   ended.
//!
//! Command buffers of *different* queues are not ordered. If they use the same buffer at the same time and
//! one of them writes it, its contents are unspecified, as in Metal.
//!
//! # Where to look
//!
//! [`device`], [`buffer`], [`library`], [`pipeline`], [`queue`], [`command_buffer`] and [`encoder`] explain a
//! part each; [`graph`] has tensors and what networks are made of; [`allocator`] hands out buffers from memory that it
//! keeps, [`scheduler`] executes operations in the order of their dependencies; [`kernels`] are built in; [`switches`]
//! lists the environment variables; [`null`] helps to test
//! programs without compiling or running kernels.

#![cfg_attr(target_os = "macos", allow(dead_code, reason = "without a device there, much has no user"))]

pub mod allocator;
mod backend;
pub mod buffer;
mod clock;
pub mod command_buffer;
pub mod device;
pub mod encoder;
pub mod error;
pub mod graph;
mod handlers;
pub mod kernels;
pub mod library;
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
