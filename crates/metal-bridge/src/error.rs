//! The one error type of this crate.
//!
//! Where Metal would abort the process, print to a log or go on silently, a call here returns an
//! [`Error`]: it names what is concerned, the value it got, the value that would have been right, and
//! what to do.
//!
//! ```
//! use metal_bridge::{Device, Error, ResourceOptions};
//!
//! let error = Device::null().new_buffer_with_length(0, ResourceOptions::default()).unwrap_err();
//! assert!(matches!(error, Error::EmptyBuffer));
//! assert_eq!(format!("{error:?}"), "a buffer must have at least 1 byte"); // so does a `main` that returns it
//! ```

use std::fmt;

use msl_types::{ArgumentKind, KernelFault, LibraryError, PipelineError};

use crate::buffer::StorageMode;
use crate::graph::GraphError;
use crate::npy::NpyError;
use crate::scheduler::{OperationError, SchedulerError};
use crate::size::Size;

/// Shorthand for results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong. Cheap to clone.
///
/// Buffers, command buffers and encoders are named by their label, or described if they have none.
///
/// `Debug` gives the message as well: it is what a `main` that returns the error prints, and what `unwrap` panics with.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    // Devices.
    /// This machine has no device that this crate can use.
    #[error("no device: {reason}")]
    NoDevice {
        /// Why, and what can be done.
        reason: String,
    },
    /// `METAL_BRIDGE_DEVICE` names a device that does not exist here.
    #[error("METAL_BRIDGE_DEVICE={name}: there is no such device; there are {}", available.join(", "))]
    UnknownDevice {
        /// The name asked for.
        name: String,
        /// The names there are.
        available: Vec<&'static str>,
    },
    /// `METAL_BRIDGE_DEVICE` names a kind of device that this build cannot make.
    #[error("METAL_BRIDGE_DEVICE={name}: this build has no such device: {requirement}")]
    DeviceNotBuilt {
        /// The kind asked for.
        name: &'static str,
        /// What a build needs to have it.
        requirement: &'static str,
    },
    /// A switch in the environment has a value that cannot be used.
    #[error("{switch}={value}: expected {expected}")]
    InvalidSwitch {
        /// The environment variable.
        switch: &'static str,
        /// Its value.
        value: String,
        /// What it may be.
        expected: &'static str,
    },
    /// More worker threads were asked for than a device may have.
    #[error("{threads} worker threads were asked for, but a device can have at most {limit}")]
    TooManyThreads {
        /// Threads asked for.
        threads: usize,
        /// Most threads.
        limit: usize,
    },
    /// The system refused to start a thread.
    #[error("a thread for {purpose} could not be started: {message}")]
    ThreadStart {
        /// What the thread was to do.
        purpose: &'static str,
        /// The system's message.
        message: String,
    },
    /// A call of Apple's Metal gave nothing, or an error that has no variant of its own here.
    #[error("Metal: {call}: {message}")]
    Metal {
        /// The call, by its Objective-C name.
        call: &'static str,
        /// What Metal says, or that it says nothing.
        message: String,
    },
    /// An object of one device was used with an object of another.
    #[error("{object} belongs to another device ({got}) than the one it is used with ({expected})")]
    DeviceMismatch {
        /// The object.
        object: String,
        /// Name of its device.
        got: String,
        /// Name of the device that it should have been made by.
        expected: String,
    },

    // Buffers.
    /// A buffer of zero bytes was asked for.
    #[error("a buffer must have at least 1 byte")]
    EmptyBuffer,
    /// A buffer longer than the device allows was asked for.
    #[error("a buffer of {length} bytes was asked for, but this device's longest has {limit}")]
    BufferTooLong {
        /// Bytes asked for.
        length: usize,
        /// [`Device::max_buffer_length`](crate::Device::max_buffer_length).
        limit: usize,
    },
    /// There is no memory for a buffer.
    #[error(
        "no memory for {length} more bytes: the device's buffers hold {allocated} bytes, its limit is {limit}"
    )]
    OutOfMemory {
        /// Bytes asked for.
        length: usize,
        /// Bytes in all live buffers of the device.
        allocated: u64,
        /// Most bytes that they may have.
        limit: u64,
    },
    /// An allocator has no memory for a buffer, although it has given back to the device all that it could.
    #[error(
        "no memory for {length} more bytes in the allocator's pool: buffers hold {active} bytes, {cached} bytes between them are free in pieces too small, {} holds {device_allocated} of at most {device_limit} bytes",
        budget.map_or_else(|| "the device".to_owned(), |budget| format!("{reserved} bytes are reserved of a budget of {budget}; the device"))
    )]
    PoolExhausted {
        /// Bytes asked for.
        length: usize,
        /// Bytes in live buffers, rounded up to their size classes.
        active: u64,
        /// Free bytes that the allocator still holds.
        cached: u64,
        /// Bytes that it has reserved from the device.
        reserved: u64,
        /// Most bytes that it may reserve, if that was set.
        budget: Option<u64>,
        /// Bytes in all buffers of the device.
        device_allocated: u64,
        /// Most bytes that they may have.
        device_limit: u64,
    },
    /// A setting of an allocator or of a command buffer manager has an impossible value.
    #[error("{setting} = {value}: expected {expected}")]
    InvalidSetting {
        /// The setting.
        setting: &'static str,
        /// The value given.
        value: String,
        /// What it may be.
        expected: &'static str,
    },
    /// A text is no snapshot of an allocator's memory.
    #[error("not a snapshot of an allocator's memory: {message}")]
    InvalidSnapshot {
        /// What is wrong with it.
        message: String,
    },
    /// The host cannot reach the contents of a private buffer.
    #[error(
        "{operation} of {buffer}: its storage mode is Private, so the host has no access to its contents; copy to or from a Shared buffer with a blit command encoder"
    )]
    PrivateBuffer {
        /// The call.
        operation: &'static str,
        /// The buffer.
        buffer: String,
    },
    /// The call makes sense for managed buffers only.
    #[error("{operation} of {buffer}: its storage mode is {mode:?}, but the call is for Managed buffers")]
    NotManaged {
        /// The call.
        operation: &'static str,
        /// The buffer.
        buffer: String,
        /// Its storage mode.
        mode: StorageMode,
    },
    /// A range does not lie within a buffer.
    #[error("{operation}: {size} bytes from byte {offset} are not within {buffer}, which has {length} bytes")]
    OutOfRange {
        /// The call.
        operation: &'static str,
        /// The buffer.
        buffer: String,
        /// First byte of the range.
        offset: usize,
        /// Bytes in the range.
        size: usize,
        /// Bytes in the buffer.
        length: usize,
    },
    /// Bytes cannot be seen as elements of a type.
    #[error(
        "{operation}: {size} bytes from byte {offset} of {buffer} are not a whole number of aligned `{element}` ({element_size} bytes, alignment {element_alignment})"
    )]
    ElementMismatch {
        /// The call.
        operation: &'static str,
        /// The buffer.
        buffer: String,
        /// First byte.
        offset: usize,
        /// Number of bytes.
        size: usize,
        /// Name of the element type.
        element: &'static str,
        /// Its size in bytes.
        element_size: usize,
        /// Its alignment in bytes.
        element_alignment: usize,
    },
    /// A mapping of the buffer is alive that excludes the call.
    #[error(
        "{operation}: {buffer} is mapped for {}; drop the mapping first",
        if *for_writing { "writing" } else { "reading" }
    )]
    BufferMapped {
        /// The call.
        operation: &'static str,
        /// The buffer.
        buffer: String,
        /// Whether the mapping that is in the way is one for writing.
        for_writing: bool,
    },

    // Libraries and pipelines.
    /// The source does not compile, or the compiler failed.
    #[error(transparent)]
    Library(Box<LibraryError>),
    /// No function or pipeline could be made: unknown name, or function constants missing or mistyped.
    #[error(transparent)]
    Pipeline(Box<PipelineError>),

    // Encoding.
    /// The command buffer was committed before.
    #[error("{operation}: {command_buffer} has been committed already; make a new one")]
    AlreadyCommitted {
        /// The call.
        operation: &'static str,
        /// The command buffer.
        command_buffer: String,
    },
    /// The command buffer was not committed, so waiting for it would never end.
    #[error("{operation}: {command_buffer} has not been committed")]
    NotCommitted {
        /// The call.
        operation: &'static str,
        /// The command buffer.
        command_buffer: String,
    },
    /// An encoder of the command buffer is still open.
    #[error("{operation}: {encoder} of {command_buffer} is still open; call end_encoding first")]
    EncoderActive {
        /// The call.
        operation: &'static str,
        /// The open encoder.
        encoder: String,
        /// The command buffer.
        command_buffer: String,
    },
    /// An encoder was dropped without `end_encoding`; its commands are lost.
    #[error("{encoder} was dropped without end_encoding")]
    EncoderNotEnded {
        /// The encoder.
        encoder: String,
    },
    /// A command could not be encoded, so the command buffer cannot be committed.
    #[error("{command_buffer} cannot be committed because encoding failed: {first}")]
    EncodingFailed {
        /// The command buffer.
        command_buffer: String,
        /// The first error of encoding.
        first: Box<Error>,
    },
    /// A dispatch without a pipeline.
    #[error("dispatch without a pipeline; call set_compute_pipeline_state first")]
    NoPipeline,
    /// A buffer or threadgroup-memory index that does not exist.
    #[error("{operation}: index {index} does not exist; the indices are 0 to {}", count - 1)]
    Index {
        /// The call.
        operation: &'static str,
        /// The index given.
        index: usize,
        /// Number of indices.
        count: usize,
    },
    /// `set_bytes` with no data, or with more than it may carry.
    #[error("set_bytes at index {index}: got {length} bytes, but 1 to {limit} can be set; use a buffer")]
    BytesLength {
        /// The index.
        index: usize,
        /// Bytes given.
        length: usize,
        /// Most bytes allowed.
        limit: usize,
    },
    /// A binding's offset lies past the end of its buffer.
    #[error("offset {offset} at buffer index {index} is past the end of {buffer}, which has {length} bytes")]
    BufferOffset {
        /// The buffer.
        buffer: String,
        /// The index.
        index: usize,
        /// The offset in bytes.
        offset: usize,
        /// Bytes in the buffer.
        length: usize,
    },
    /// `set_buffer_offset` where no buffer is bound.
    #[error("set_buffer_offset: no buffer is bound at index {index}")]
    NoBufferAtIndex {
        /// The index.
        index: usize,
    },
    /// Nothing is bound for an argument of the kernel.
    #[error("kernel `{kernel}`: nothing is bound for argument `{argument}` at {} {index}; call {}",
        index_name(*kind), binding_call(*kind))]
    MissingArgument {
        /// The kernel.
        kernel: String,
        /// The argument.
        argument: String,
        /// Which kind of index.
        kind: ArgumentKind,
        /// Its index.
        index: u32,
    },
    /// What is bound for an argument is smaller than the argument's type.
    #[error("kernel `{kernel}`: argument `{argument}` at {} {index} needs at least {expected} bytes (`{type_name}`), but {got} are bound",
        index_name(*kind))]
    ArgumentTooSmall {
        /// The kernel.
        kernel: String,
        /// The argument.
        argument: String,
        /// Which kind of index.
        kind: ArgumentKind,
        /// Its index.
        index: u32,
        /// The argument's type in the source.
        type_name: String,
        /// Bytes needed.
        expected: usize,
        /// Bytes from the bound offset to the end.
        got: usize,
    },
    /// The bound offset is no multiple of the alignment of the argument's type.
    #[error(
        "kernel `{kernel}`: offset {offset} of argument `{argument}` at buffer index {index} is no multiple of {alignment}, the alignment of `{type_name}`"
    )]
    ArgumentMisaligned {
        /// The kernel.
        kernel: String,
        /// The argument.
        argument: String,
        /// Its index.
        index: u32,
        /// The argument's type in the source.
        type_name: String,
        /// The bound offset in bytes.
        offset: usize,
        /// The alignment needed.
        alignment: usize,
    },
    /// The kernel may write to an argument for which `set_bytes` was used.
    #[error(
        "kernel `{kernel}`: argument `{argument}` at buffer index {index} may be written to, but set_bytes was used for it; use a buffer, or declare it `const`"
    )]
    BytesNotWritable {
        /// The kernel.
        kernel: String,
        /// The argument.
        argument: String,
        /// Its index.
        index: u32,
    },
    /// A threadgroup without threads.
    #[error("kernel `{kernel}`: a threadgroup of {threads_per_threadgroup} threads has no thread")]
    EmptyThreadgroup {
        /// The kernel.
        kernel: String,
        /// The size given.
        threads_per_threadgroup: Size,
    },
    /// More threads in a threadgroup than the pipeline can run.
    #[error(
        "kernel `{kernel}`: a threadgroup of {threads_per_threadgroup} threads is larger than this pipeline's max_total_threads_per_threadgroup, {limit}"
    )]
    ThreadgroupTooLarge {
        /// The kernel.
        kernel: String,
        /// The size given.
        threads_per_threadgroup: Size,
        /// Most threads.
        limit: usize,
    },
    /// The source demands another size of threadgroups.
    #[error(
        "kernel `{kernel}`: the source requires threadgroups of {expected} threads, but the dispatch has {got}"
    )]
    ThreadgroupSize {
        /// The kernel.
        kernel: String,
        /// The size given.
        got: Size,
        /// `[[required_threads_per_threadgroup]]`.
        expected: Size,
    },
    /// A grid with more threads than thread positions can count.
    #[error(
        "kernel `{kernel}`: a grid of {grid} {unit} is too large: at most {limit} threads along an axis, and fewer than 2^64 threadgroups"
    )]
    GridTooLarge {
        /// The kernel.
        kernel: String,
        /// The size given.
        grid: Size,
        /// What the size counts: threads, or threadgroups.
        unit: &'static str,
        /// Most threads along an axis.
        limit: u32,
    },
    /// The device needs full threadgroups, but the last ones along an axis would be smaller.
    #[error(
        "kernel `{kernel}`: a grid of {threads_per_grid} threads is not whole threadgroups of {threads_per_threadgroup} threads, and this GPU runs no smaller ones; choose a threadgroup that divides the grid, or run more threads and have those beyond the end return"
    )]
    PartialThreadgroups {
        /// The kernel.
        kernel: String,
        /// The grid, in threads.
        threads_per_grid: Size,
        /// The size given.
        threads_per_threadgroup: Size,
    },
    /// A length of threadgroup memory that is no multiple of 16 bytes.
    #[error("set_threadgroup_memory_length at index {index}: {length} is no multiple of 16 bytes")]
    ThreadgroupMemoryLength {
        /// The index.
        index: usize,
        /// The length given.
        length: usize,
    },
    /// More threadgroup memory than there is.
    #[error(
        "{}: {declared} bytes of threadgroup memory declared in the source and {set} set by set_threadgroup_memory_length are more than the limit, {limit} bytes",
        kernel.as_ref().map_or_else(|| "set_threadgroup_memory_length".to_owned(), |k| format!("kernel `{k}`"))
    )]
    ThreadgroupMemoryTooLarge {
        /// The kernel; `None` before a dispatch.
        kernel: Option<String>,
        /// Bytes declared in the source.
        declared: usize,
        /// Bytes set by the encoder.
        set: usize,
        /// Most bytes.
        limit: usize,
    },
    /// A copy whose source and destination overlap.
    #[error(
        "copy_from_buffer: {size} bytes from byte {source_offset} to byte {destination_offset} of {buffer} overlap"
    )]
    OverlappingCopy {
        /// The buffer, source and destination at once.
        buffer: String,
        /// First byte read.
        source_offset: usize,
        /// First byte written.
        destination_offset: usize,
        /// Number of bytes.
        size: usize,
    },
    /// `pop_debug_group` without a `push_debug_group`, or groups left open at the end.
    #[error(
        "debug groups of {encoder} are not balanced: {open} open{}",
        if *open == 0 { " at pop_debug_group" } else { " at end_encoding" }
    )]
    DebugGroups {
        /// The encoder.
        encoder: String,
        /// Groups open.
        open: usize,
    },

    // Files, and memory of others.
    /// A `.npy` file cannot be read or written.
    #[error("a .npy file {0}")]
    Npy(Box<NpyError>),
    /// A view of a buffer cannot be seen as an array of a shape.
    #[cfg(feature = "ndarray")]
    #[error("{elements} elements of {buffer} are no array of the shape {shape:?}")]
    ArrayShape {
        /// The buffer.
        buffer: String,
        /// The shape asked for.
        shape: Vec<usize>,
        /// Elements of the view.
        elements: usize,
    },
    /// Memory cannot be shared through DLPack.
    #[cfg(feature = "dlpack")]
    #[error("DLPack: {0}")]
    Dlpack(Box<crate::dlpack::DlpackError>),
    /// A checkpoint cannot be read, written or used.
    #[cfg(feature = "safetensors")]
    #[error(transparent)]
    Checkpoint(Box<crate::graph::CheckpointError>),

    // Graphs.
    /// A call that would have made a wrong graph.
    #[error(transparent)]
    Graph(GraphError),

    // Execution.
    /// A kernel did something wrong while it ran.
    #[error(transparent)]
    Kernel(Box<KernelFault>),
    /// The device itself ended the work.
    #[error(transparent)]
    Device(Box<DeviceFault>),
    /// A call of a command buffer manager that cannot be done.
    #[error(transparent)]
    Scheduler(Box<SchedulerError>),
    /// An operation of a command buffer manager failed, panicked or was cancelled.
    #[error(transparent)]
    Operation(Box<OperationError>),
    /// A caller's own error, such as that of an operation; made by [`Error::other`].
    #[error("{message}")]
    Other {
        /// What is wrong.
        message: String,
    },
    /// Our own code failed while it executed a command buffer: a bug of this crate.
    #[error("internal error while executing a command buffer: {message}; please report it")]
    Internal {
        /// What is known.
        message: String,
    },
}

/// Why a GPU ended the work of a command buffer (`MTLCommandBufferError`). Results of that work are unspecified.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {kind}: {message}", named("command buffer", command_buffer))]
pub struct DeviceFault {
    /// What happened.
    pub kind: DeviceFaultKind,
    /// The command buffer's label; empty if it has none.
    pub command_buffer: String,
    /// Metal's own words.
    pub message: String,
}

/// What happened to the work of a command buffer on a GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeviceFaultKind {
    /// It took longer than the system allows.
    TimedOut,
    /// A kernel reached memory that it must not.
    PageFault,
    /// The GPU had no memory for it.
    OutOfMemory,
    /// The process may not use the GPU now; an app in the background may not.
    NotPermitted,
    /// The system has taken the GPU away from the process because of earlier faults.
    AccessRevoked,
    /// A buffer that it uses is gone or unusable.
    InvalidResource,
    /// The GPU is gone: an external one was unplugged.
    DeviceRemoved,
    /// A kernel called functions too deeply.
    StackOverflow,
    /// Something else; the number is Metal's code.
    Other(isize),
}

impl fmt::Display for DeviceFaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TimedOut => "the GPU stopped it because it took too long",
            Self::PageFault => "a kernel reached memory that it must not",
            Self::OutOfMemory => "the GPU has no memory for it",
            Self::NotPermitted => "the process may not use the GPU now",
            Self::AccessRevoked => "the system has taken the GPU away from the process",
            Self::InvalidResource => "a buffer that it uses is gone",
            Self::DeviceRemoved => "the GPU is gone",
            Self::StackOverflow => "a kernel called functions too deeply",
            Self::Other(code) => return write!(f, "the GPU failed (code {code})"),
        })
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<DeviceFault> for Error {
    fn from(fault: DeviceFault) -> Self {
        Self::Device(Box::new(fault))
    }
}

impl Error {
    /// An error of the caller's own, for functions that this crate calls, such as an operation's.
    ///
    /// ```
    /// let error = metal_bridge::Error::other("the batch is empty");
    /// assert_eq!(error.to_string(), "the batch is empty");
    /// ```
    pub fn other(message: impl fmt::Display) -> Self {
        Self::Other { message: message.to_string() }
    }
}

const fn index_name(kind: ArgumentKind) -> &'static str {
    if kind.is_buffer() { "buffer index" } else { "threadgroup memory index" }
}

const fn binding_call(kind: ArgumentKind) -> &'static str {
    if kind.is_buffer() { "set_buffer or set_bytes" } else { "set_threadgroup_memory_length" }
}

impl From<LibraryError> for Error {
    fn from(error: LibraryError) -> Self {
        Self::Library(Box::new(error))
    }
}

impl From<PipelineError> for Error {
    fn from(error: PipelineError) -> Self {
        Self::Pipeline(Box::new(error))
    }
}

impl From<SchedulerError> for Error {
    fn from(error: SchedulerError) -> Self {
        Self::Scheduler(Box::new(error))
    }
}

impl From<OperationError> for Error {
    fn from(error: OperationError) -> Self {
        Self::Operation(Box::new(error))
    }
}

impl From<GraphError> for Error {
    fn from(error: GraphError) -> Self {
        Self::Graph(error)
    }
}

impl From<Box<KernelFault>> for Error {
    fn from(fault: Box<KernelFault>) -> Self {
        Self::Kernel(fault)
    }
}

/// `what "label"`, or `what` alone.
pub(crate) fn named(what: impl fmt::Display, label: &str) -> String {
    if label.is_empty() { what.to_string() } else { format!("{what} \"{label}\"") }
}
