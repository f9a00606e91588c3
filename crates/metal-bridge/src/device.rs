//! Devices: what everything else is made by.
//!
//! [`Device::system_default`] gives the best device of the machine, which is the GPU where there is Metal and else the
//! processor; `METAL_BRIDGE_DEVICE` chooses another. [`Device::cpu`] makes a CPU device with a configuration of its own.
//! [`Device::null`] checks everything and runs nothing.
//!
//! Objects of different devices do not mix: that is an [`Error::DeviceMismatch`].
//!
//! ```
//! use metal_bridge::{Device, DeviceKind, ResourceOptions};
//!
//! # fn main() -> metal_bridge::Result<()> {
//! let device = Device::null();
//! assert_eq!(device.kind(), DeviceKind::Null);
//! assert_eq!(device.thread_execution_width(), 32);
//! let buffer = device.new_buffer_with_bytes(&[1, 2, 3], ResourceOptions::default())?;
//! assert_eq!(buffer.length(), 3);
//! # Ok(())
//! # }
//! ```

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use bytemuck::Pod;
use msl_types::CompileOptions;

use crate::allocator::Shared as Pool;
use crate::backend::routine::Routine;
use crate::backend::tensor_program::{Executable, TensorProgram};
use crate::backend::{self, Binding};
use crate::buffer::{Buffer, ResourceOptions, StorageMode};
use crate::error::{Error, Result};
use crate::handlers::HandlerPool;
use crate::library::{Function, Library};
use crate::pipeline::ComputePipelineState;
use crate::queue::CommandQueue;
use crate::size::Size;
use crate::switches;
use crate::sync::lock;

/// Number of buffer indices, and of threadgroup-memory indices, of a kernel.
pub const MAX_BUFFERS: usize = 31;
/// Most bytes that [`set_bytes`](crate::ComputeCommandEncoder::set_bytes) takes.
pub const MAX_BYTES_LENGTH: usize = 4096;

/// Most worker threads of a CPU device.
pub(crate) const MAX_THREADS: usize = 1024;

/// Which kind of device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeviceKind {
    /// A GPU through Apple's Metal: macOS and Apple's other systems.
    Metal,
    /// The processor: kernels are compiled to native code.
    Cpu,
    /// Checks every call and runs nothing.
    Null,
}

impl DeviceKind {
    /// The name by which `METAL_BRIDGE_DEVICE` selects it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Metal => "metal",
            Self::Cpu => "cpu",
            Self::Null => "null",
        }
    }

    /// All kinds.
    const ALL: [Self; 3] = [Self::Metal, Self::Cpu, Self::Null];

    /// The kinds that this build can make, the default first.
    const AVAILABLE: &'static [Self] = &[
        #[cfg(target_vendor = "apple")]
        Self::Metal,
        #[cfg(any(not(target_vendor = "apple"), feature = "cpu"))]
        Self::Cpu,
        Self::Null,
    ];

    /// The devices of this kind that this build may make without being asked, the default first.
    fn computing() -> impl Iterator<Item = Self> {
        Self::AVAILABLE.iter().copied().filter(|kind| *kind != Self::Null)
    }

    /// What a build without this kind lacks.
    const fn requirement(self) -> &'static str {
        match self {
            Self::Metal => "Metal is only on Apple's systems",
            Self::Cpu => "on Apple's systems it needs the cargo feature `cpu`",
            Self::Null => "it is always there",
        }
    }
}

impl fmt::Display for DeviceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How a CPU device is made. What is not set here comes from the environment (see
/// [`switches`]), and else from the machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceConfig {
    pub(crate) threads: Option<NonZeroUsize>,
    pub(crate) time_limit: Option<Option<Duration>>,
    pub(crate) memory_limit: Option<u64>,
}

impl DeviceConfig {
    /// Nothing set.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of worker threads, at most 1,024; by default one per processor that the process may use.
    #[must_use]
    pub fn threads(mut self, threads: NonZeroUsize) -> Self {
        self.threads = Some(threads);
        self
    }

    /// How long one dispatch may run before it is stopped and its command buffer ends with
    /// [`FaultKind::TimedOut`](crate::FaultKind::TimedOut); `None` for no limit. By default 5 minutes: far
    /// beyond what useful dispatches take, so that an endless loop in a kernel is still an error and not a
    /// hang.
    #[must_use]
    pub fn time_limit(mut self, limit: Option<Duration>) -> Self {
        self.time_limit = Some(limit);
        self
    }

    /// Most bytes that all buffers of the device may have together; by default the machine's memory, or
    /// the control group's limit if that is lower.
    #[must_use]
    pub fn memory_limit(mut self, bytes: u64) -> Self {
        self.memory_limit = Some(bytes);
        self
    }
}

/// What a device can do at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) max_threads_per_threadgroup: Size,
    pub(crate) max_total_threads_per_threadgroup: usize,
    pub(crate) max_threadgroup_memory_length: usize,
    pub(crate) thread_execution_width: usize,
    pub(crate) max_buffer_length: usize,
    /// Most bytes of all buffers.
    pub(crate) memory_limit: u64,
    /// Bytes that all buffers may have without making the machine slow.
    pub(crate) recommended_max_working_set_size: u64,
    /// Whether host and device use the same memory.
    pub(crate) has_unified_memory: bool,
    /// Whether the threadgroups at the end of a grid may be smaller than the others.
    pub(crate) non_uniform_threadgroups: bool,
    /// How long a thread looks whether work has ended before it goes to sleep.
    pub(crate) look_for: Duration,
}

impl Limits {
    /// The limits of Apple's GPUs, which our own devices have as well, with as much memory as given.
    pub(crate) fn with_memory(memory_limit: u64) -> Self {
        let max_buffer_length = usize::try_from(memory_limit).unwrap_or(usize::MAX).min(isize::MAX as usize);
        Self {
            max_threads_per_threadgroup: Size::new(1024, 1024, 1024),
            max_total_threads_per_threadgroup: 1024,
            max_threadgroup_memory_length: 32 << 10,
            thread_execution_width: 32,
            max_buffer_length,
            memory_limit,
            recommended_max_working_set_size: memory_limit / 4 * 3,
            has_unified_memory: true,
            non_uniform_threadgroups: true,
            look_for: Duration::ZERO,
        }
    }
}

/// A device: makes buffers, libraries, pipelines and queues. A cheap handle: clones are the same device.
///
/// Dropping the last handle — also those that buffers, queues and so on keep — ends the device's threads.
/// Committed work is completed first.
#[doc(alias = "MTLDevice")]
#[derive(Clone)]
pub struct Device(Arc<Inner>);

struct Inner {
    backend: Box<dyn backend::Device>,
    limits: Limits,
    handlers: HandlerPool,
    /// Allocators that keep memory of the device.
    pools: crate::sync::Mutex<Vec<Weak<Pool>>>,
}

/// The system's devices that are in use, by kind and number: asking twice gives the same device.
static IN_USE: Mutex<Vec<(DeviceKind, u64, Weak<Inner>)>> = Mutex::new(Vec::new());

impl Device {
    pub(crate) fn new(backend: Box<dyn backend::Device>) -> Self {
        let limits = backend.limits();
        Self(Arc::new(Inner { backend, limits, handlers: HandlerPool::new(), pools: Default::default() }))
    }

    /// The best device of this machine, or the one that `METAL_BRIDGE_DEVICE` names. As long as a handle of it
    /// lives, further calls give the same device.
    ///
    /// # Errors
    ///
    /// If the machine has no device, the name is unknown (the error lists the known ones) or of a kind that this
    /// build does not have, or another switch has an impossible value.
    #[doc(alias = "MTLCreateSystemDefaultDevice")]
    #[doc(alias = "CreateSystemDefaultDevice")]
    pub fn system_default() -> Result<Self> {
        if let Some(kind) = selected()? {
            return Self::default_of(kind);
        }
        let mut lacking = Error::NoDevice { reason: DeviceKind::Cpu.requirement().into() };
        for kind in DeviceKind::computing() {
            match Self::default_of(kind) {
                Err(error @ Error::NoDevice { .. }) => lacking = error,
                result => return result,
            }
        }
        Err(lacking)
    }

    /// All devices of this machine, the default one first. A Mac may have several GPUs. The null device is among them
    /// only if `METAL_BRIDGE_DEVICE` asks for it.
    ///
    /// # Errors
    ///
    /// As [`system_default`](Self::system_default), except that a machine without a device gives an empty list.
    #[doc(alias = "MTLCopyAllDevices")]
    pub fn all() -> Result<Vec<Self>> {
        let selected = selected()?;
        let mut devices = selected.map_or_else(|| Ok(Vec::new()), Self::all_of)?;
        for kind in DeviceKind::computing().filter(|kind| Some(*kind) != selected) {
            match Self::all_of(kind) {
                Ok(more) => devices.extend(more),
                Err(Error::NoDevice { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(devices)
    }

    /// A CPU device of its own, with its own threads.
    ///
    /// # Errors
    ///
    /// If a switch has an impossible value, there are too many threads or they cannot be started, or this
    /// build has no CPU device ([`Error::NoDevice`]): on Apple's systems it is there with the cargo feature `cpu`.
    pub fn cpu(config: DeviceConfig) -> Result<Self> {
        #[cfg(any(not(target_vendor = "apple"), feature = "cpu"))]
        {
            Ok(Self::new(Box::new(backend::cpu::device::CpuDevice::new(&config)?)))
        }
        #[cfg(not(any(not(target_vendor = "apple"), feature = "cpu")))]
        {
            let _ = config;
            let reason = format!("this build has no CPU device: {}", DeviceKind::Cpu.requirement());
            Err(Error::NoDevice { reason })
        }
    }

    /// A device that checks every call and runs nothing: command buffers end at once, and buffers keep what
    /// the host writes. It compiles nothing either: libraries are empty, unless
    /// [`null::NullDevice`](crate::null::NullDevice) declares functions.
    pub fn null() -> Self {
        crate::null::NullDevice::unrecorded()
    }

    /// The default device of a kind that this build has.
    fn default_of(kind: DeviceKind) -> Result<Self> {
        match kind {
            #[cfg(target_vendor = "apple")]
            DeviceKind::Metal => Self::of_gpu(backend::metal::device::Gpu::system_default()?),
            #[cfg(not(target_vendor = "apple"))]
            DeviceKind::Metal => Err(Error::NoDevice { reason: kind.requirement().into() }),
            DeviceKind::Cpu => Self::in_use(kind, 0, || Self::cpu(DeviceConfig::new())),
            DeviceKind::Null => Self::in_use(kind, 0, || Ok(Self::null())),
        }
    }

    /// All devices of a kind that this build has, the default one first.
    fn all_of(kind: DeviceKind) -> Result<Vec<Self>> {
        match kind {
            #[cfg(target_vendor = "apple")]
            DeviceKind::Metal => backend::metal::device::Gpu::all()?.into_iter().map(Self::of_gpu).collect(),
            _ => Ok(vec![Self::default_of(kind)?]),
        }
    }

    #[cfg(target_vendor = "apple")]
    fn of_gpu(gpu: backend::metal::device::Gpu) -> Result<Self> {
        use backend::metal::device::MetalDevice;
        Self::in_use(DeviceKind::Metal, gpu.number(), || Ok(Self::new(Box::new(MetalDevice::new(gpu)))))
    }

    /// The device of this kind and number that is in use, or a new one.
    fn in_use(kind: DeviceKind, number: u64, make: impl FnOnce() -> Result<Self>) -> Result<Self> {
        let mut in_use = IN_USE.lock().unwrap_or_else(PoisonError::into_inner);
        in_use.retain(|(_, _, device)| device.strong_count() > 0);
        let living = in_use
            .iter()
            .find(|(k, n, _)| (*k, *n) == (kind, number))
            .and_then(|(_, _, device)| device.upgrade());
        if let Some(inner) = living {
            return Ok(Self(inner));
        }
        let device = make()?;
        in_use.push((kind, number, Arc::downgrade(&device.0)));
        Ok(device)
    }

    /// Which kind of device it is.
    pub fn kind(&self) -> DeviceKind {
        self.0.backend.kind()
    }

    /// Its name, for people.
    pub fn name(&self) -> &str {
        self.0.backend.name()
    }

    /// Most threads of a threadgroup along each axis; their product is limited as well, to
    /// [`ComputePipelineState::max_total_threads_per_threadgroup`].
    #[doc(alias = "maxThreadsPerThreadgroup")]
    pub fn max_threads_per_threadgroup(&self) -> Size {
        self.0.limits.max_threads_per_threadgroup
    }

    /// Most bytes of threadgroup memory that a threadgroup can have.
    #[doc(alias = "maxThreadgroupMemoryLength")]
    pub fn max_threadgroup_memory_length(&self) -> usize {
        self.0.limits.max_threadgroup_memory_length
    }

    /// Threads of a SIMD-group.
    #[doc(alias = "threadExecutionWidth")]
    pub fn thread_execution_width(&self) -> usize {
        self.0.limits.thread_execution_width
    }

    /// Most bytes of one buffer.
    #[doc(alias = "maxBufferLength")]
    pub fn max_buffer_length(&self) -> usize {
        self.0.limits.max_buffer_length
    }

    /// Bytes that all buffers together may have without making the machine slow.
    #[doc(alias = "recommendedMaxWorkingSetSize")]
    pub fn recommended_max_working_set_size(&self) -> u64 {
        self.0.limits.recommended_max_working_set_size
    }

    /// Bytes that all living buffers have together.
    #[doc(alias = "currentAllocatedSize")]
    pub fn current_allocated_size(&self) -> u64 {
        self.0.backend.current_allocated_size()
    }

    /// Whether host and device use the same memory.
    #[doc(alias = "hasUnifiedMemory")]
    pub fn has_unified_memory(&self) -> bool {
        self.0.limits.has_unified_memory
    }

    /// A buffer of zeros. If there is no memory, [allocators](crate::BufferAllocator) of the device first give back what
    /// they keep.
    ///
    /// # Errors
    ///
    /// [`Error::EmptyBuffer`], [`Error::BufferTooLong`], [`Error::OutOfMemory`].
    #[doc(alias = "newBufferWithLength:options:")]
    #[doc(alias = "NewBufferWithLength")]
    pub fn new_buffer_with_length(&self, length: usize, options: ResourceOptions) -> Result<Buffer> {
        self.check_length(length)?;
        let mode = options.storage_mode();
        let memory = self.new_memory(length, mode).or_else(|error| match self.relieve(None) {
            0 => Err(error),
            _ => self.new_memory(length, mode),
        })?;
        Ok(Buffer::new(self.clone(), memory, length, mode))
    }

    pub(crate) fn check_length(&self, length: usize) -> Result<()> {
        let limit = self.max_buffer_length();
        match length {
            0 => Err(Error::EmptyBuffer),
            _ if length > limit => Err(Error::BufferTooLong { length, limit }),
            _ => Ok(()),
        }
    }

    /// Zeroed memory; the length was checked.
    pub(crate) fn new_memory(&self, length: usize, mode: StorageMode) -> Result<Arc<dyn backend::Buffer>> {
        self.0.backend.new_buffer(length, mode)
    }

    /// A buffer in memory of the host; `None` if the device cannot use it.
    #[cfg(feature = "dlpack")]
    pub(crate) fn buffer_in(&self, memory: backend::memory::Memory) -> Option<Arc<dyn backend::Buffer>> {
        self.0.backend.buffer_in(memory)
    }

    /// A buffer with a copy of some bytes.
    ///
    /// # Errors
    ///
    /// As [`new_buffer_with_length`](Self::new_buffer_with_length), and [`Error::PrivateBuffer`], since the
    /// host cannot write to a private buffer.
    #[doc(alias = "newBufferWithBytes:length:options:")]
    #[doc(alias = "NewBufferWithBytes")]
    pub fn new_buffer_with_bytes(&self, bytes: &[u8], options: ResourceOptions) -> Result<Buffer> {
        if options.storage_mode() == StorageMode::Private {
            let buffer = format!("a buffer of {} bytes", bytes.len());
            return Err(Error::PrivateBuffer { operation: "new_buffer_with_bytes", buffer });
        }
        let buffer = self.new_buffer_with_length(bytes.len(), options)?;
        buffer.write(bytes)?;
        Ok(buffer)
    }

    /// A buffer with a copy of some values.
    ///
    /// # Errors
    ///
    /// As [`new_buffer_with_bytes`](Self::new_buffer_with_bytes).
    pub fn new_buffer_with_data<T: Pod>(&self, data: &[T], options: ResourceOptions) -> Result<Buffer> {
        self.new_buffer_with_bytes(bytemuck::cast_slice(data), options)
    }

    /// A queue that executes command buffers one after the other.
    ///
    /// # Errors
    ///
    /// If the device has no room for one.
    #[doc(alias = "newCommandQueue")]
    #[doc(alias = "NewCommandQueue")]
    pub fn new_command_queue(&self) -> Result<CommandQueue> {
        Ok(CommandQueue::new(self.clone(), self.0.backend.new_queue()?))
    }

    /// Compiles MSL source.
    ///
    /// # Errors
    ///
    /// [`Error::Library`]: the diagnostics of the source, or why the compiler could not do its work.
    #[doc(alias = "newLibraryWithSource:options:error:")]
    #[doc(alias = "NewLibraryWithSource")]
    pub fn new_library_with_source(&self, source: &str, options: &CompileOptions) -> Result<Library> {
        Ok(Library::new(self.clone(), self.0.backend.new_library(source, options)?))
    }

    /// Makes a function ready to run.
    ///
    /// # Errors
    ///
    /// [`Error::Pipeline`]: function constants without a value or of the wrong type, something in the
    /// function that cannot run, or why the compiler could not do its work.
    /// [`Error::ThreadgroupMemoryTooLarge`] if the source declares more than there is,
    /// [`Error::DeviceMismatch`] if the function is of another device.
    #[doc(alias = "newComputePipelineStateWithFunction:error:")]
    #[doc(alias = "NewComputePipelineStateWithFunction")]
    pub fn new_compute_pipeline_state_with_function(
        &self,
        function: &Function,
    ) -> Result<ComputePipelineState> {
        self.pipeline(function, true)
    }

    /// Makes a function ready to run whose accesses to memory are not checked. That saves a few percent of the time of
    /// some functions; measure before you choose it. All other guarantees stay: an endless loop is stopped, and
    /// divisions by zero and shifts too wide have results.
    ///
    /// # Safety
    ///
    /// In every dispatch of the pipeline, each access of each thread must lie within the memory bound to the argument
    /// (from the bound offset to the end of the buffer), or within the variable, that its pointer was made from; and it
    /// must be a read if that memory is for reading only (`constant`, `device const`). An access that does not reads
    /// or overwrites other memory of this process.
    ///
    /// # Errors
    ///
    /// As [`new_compute_pipeline_state_with_function`](Self::new_compute_pipeline_state_with_function).
    pub unsafe fn new_unchecked_compute_pipeline_state_with_function(
        &self,
        function: &Function,
    ) -> Result<ComputePipelineState> {
        self.pipeline(function, false)
    }

    fn pipeline(&self, function: &Function, checked: bool) -> Result<ComputePipelineState> {
        if function.device() != self {
            return Err(Error::DeviceMismatch {
                object: function.describe(),
                got: function.device().name().to_owned(),
                expected: self.name().to_owned(),
            });
        }
        let pipeline = ComputePipelineState::new(self.clone(), function.new_pipeline(checked)?, checked);
        let declared = pipeline.static_threadgroup_memory_length();
        let limit = self.max_threadgroup_memory_length();
        if declared > limit {
            let kernel = Some(pipeline.name().to_owned());
            return Err(Error::ThreadgroupMemoryTooLarge { kernel, declared, set: 0, limit });
        }
        Ok(pipeline)
    }

    /// Adds an allocator to those that are asked for memory when there is none.
    pub(crate) fn add_pool(&self, pool: &Arc<Pool>) {
        let mut pools = lock(&self.0.pools);
        pools.retain(|pool| pool.strong_count() > 0);
        pools.push(Arc::downgrade(pool));
    }

    /// Has all allocators but one give back what they keep; returns the bytes. To be called without their locks.
    pub(crate) fn relieve(&self, except: Option<&Arc<Pool>>) -> u64 {
        let pools: Vec<_> = lock(&self.0.pools).iter().filter_map(Weak::upgrade).collect();
        let others = pools.iter().filter(|pool| except.is_none_or(|except| !Arc::ptr_eq(pool, except)));
        others.map(|pool| pool.trim_to(0)).sum()
    }

    /// How many elements of temporary memory a routine needs; `None` if the device does not have it.
    pub(crate) fn routine_scratch(&self, routine: &Routine) -> Option<usize> {
        self.0.backend.routine_scratch(routine)
    }

    /// How many elements the form has that a routine likes its second operand in if that never changes; 0 if it likes it as
    /// it is.
    pub(crate) fn routine_layout(&self, routine: &Routine) -> usize {
        self.0.backend.routine_layout(routine)
    }

    /// A buffer with that form, of the bytes of the operand, which are as many as the routine's sizes say.
    ///
    /// # Errors
    ///
    /// There is no memory.
    pub(crate) fn lay_out(&self, routine: &Routine, operand: &[u8]) -> Result<Buffer> {
        let operand = self.new_buffer_with_bytes(operand, ResourceOptions::default())?;
        let length = self.routine_layout(routine) * size_of::<f32>();
        let laid_out = self.new_buffer_with_length(length, ResourceOptions::default())?;
        let binding = |buffer: &Buffer| Binding::Buffer {
            buffer: buffer.backend().clone(),
            offset: buffer.backend_offset(),
            length: buffer.length(),
        };
        // SAFETY: both are as large as they have to be, and nobody else knows them yet.
        unsafe { self.0.backend.lay_out(routine, &binding(&operand), &binding(&laid_out)) };
        Ok(laid_out)
    }

    /// Whether graphs are to be made programs for the device.
    pub(crate) fn executes_tensor_programs(&self) -> bool {
        self.0.backend.executes_tensor_programs()
    }

    /// Makes a program ready; `None` if the device does not execute it.
    pub(crate) fn new_executable(&self, program: &TensorProgram) -> Result<Option<Arc<dyn Executable>>> {
        self.0.backend.new_executable(program)
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    pub(crate) fn memory_limit(&self) -> u64 {
        self.0.limits.memory_limit
    }

    pub(crate) fn handlers(&self) -> &HandlerPool {
        &self.0.handlers
    }
}

/// The kind that the environment names.
fn selected() -> Result<Option<DeviceKind>> {
    switches::DEVICE.value()?.map(|name| by_name(name.trim())).transpose()
}

fn by_name(name: &str) -> Result<DeviceKind> {
    let Some(kind) = DeviceKind::ALL.into_iter().find(|kind| kind.name() == name) else {
        let available = DeviceKind::AVAILABLE.iter().map(|kind| kind.name()).collect();
        return Err(Error::UnknownDevice { name: name.to_owned(), available });
    };
    if DeviceKind::AVAILABLE.contains(&kind) {
        Ok(kind)
    } else {
        Err(Error::DeviceNotBuilt { name: kind.name(), requirement: kind.requirement() })
    }
}

/// Two handles are equal if they are the same device.
impl PartialEq for Device {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Device {}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Device")
            .field("kind", &self.kind())
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_devices_are_refused_with_a_list() {
        let Err(Error::UnknownDevice { name, available }) = by_name("quantum") else { panic!() };
        assert_eq!(name, "quantum");
        assert!(available.contains(&"null"));
        assert_eq!(by_name("null"), Ok(DeviceKind::Null));
        for kind in DeviceKind::ALL {
            let built = DeviceKind::AVAILABLE.contains(&kind);
            let expected = Error::DeviceNotBuilt { name: kind.name(), requirement: kind.requirement() };
            assert_eq!(by_name(kind.name()), if built { Ok(kind) } else { Err(expected) });
        }
    }

    #[test]
    fn the_default_device_is_one_device() {
        let first = Device::default_of(DeviceKind::Null).unwrap();
        let second = Device::default_of(DeviceKind::Null).unwrap();
        assert_eq!(first, second);
        assert_ne!(first, Device::null());
    }
}
