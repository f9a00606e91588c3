use std::sync::Arc;
use std::time::Duration;

use msl_types::{CompileOptions, LibraryError};
use objc2::rc::{Retained, autoreleasepool};
use objc2::runtime::ProtocolObject;
use objc2_foundation::NSProcessInfo;
use objc2_metal::{MTLCopyAllDevices, MTLCreateSystemDefaultDevice, MTLDevice, MTLGPUFamily};

use super::buffer::MetalBuffer;
use super::encode::ByteKernels;
use super::graph::{self, MetalExecutable};
use super::library::MetalLibrary;
use super::limits::Families;
use super::queue::MetalQueue;
use crate::backend;
use crate::backend::tensor_program::{Executable, TensorProgram};
use crate::buffer::StorageMode;
use crate::device::{DeviceKind, Limits};
use crate::error::{Error, Result};
use crate::size::Size;

// Without it, `MTLCreateSystemDefaultDevice` gives nil on macOS.
#[cfg(target_os = "macos")]
#[link(name = "CoreGraphics", kind = "framework")]
unsafe extern "C" {}

/// The families of Apple's GPUs are numbered from here.
const APPLE_FAMILIES: isize = MTLGPUFamily::Apple1.0 - 1;
/// More of them than there are so far.
const MOST_APPLE_FAMILIES: u32 = 20;

/// Threads of a SIMD-group where nothing says otherwise.
const THREAD_EXECUTION_WIDTH: usize = 32;

/// A GPU that Metal has found.
pub(crate) struct Gpu(Retained<ProtocolObject<dyn MTLDevice>>);

impl Gpu {
    /// The GPU that Metal calls the default one.
    ///
    /// # Errors
    ///
    /// [`Error::NoDevice`] if there is none, or the system is too old.
    pub(crate) fn system_default() -> Result<Self> {
        check_system()?;
        autoreleasepool(|_| MTLCreateSystemDefaultDevice()).map(Self).ok_or_else(|| Error::NoDevice {
            reason: "Metal found no GPU that this process may use (a virtual machine may have none)".into(),
        })
    }

    /// All GPUs, the default one first.
    ///
    /// # Errors
    ///
    /// As [`system_default`](Self::system_default).
    pub(crate) fn all() -> Result<Vec<Self>> {
        let default = Self::system_default()?;
        let mut all: Vec<Self> =
            autoreleasepool(|_| MTLCopyAllDevices().to_vec().into_iter().map(Self).collect());
        all.retain(|gpu| gpu.number() != default.number());
        all.insert(0, default);
        Ok(all)
    }

    /// Distinguishes GPUs as long as the machine runs.
    pub(crate) fn number(&self) -> u64 {
        self.0.registryID()
    }
}

/// A GPU as a device.
#[derive(Debug)]
pub(crate) struct MetalDevice {
    device: Retained<ProtocolObject<dyn MTLDevice>>,
    name: String,
    families: Families,
    limits: Limits,
    byte_kernels: Arc<ByteKernels>,
}

impl MetalDevice {
    pub(crate) fn new(gpu: Gpu) -> Self {
        autoreleasepool(|_| Self::of(gpu.0))
    }

    fn of(device: Retained<ProtocolObject<dyn MTLDevice>>) -> Self {
        let supports = |family: &u32| device.supportsFamily(MTLGPUFamily(APPLE_FAMILIES + *family as isize));
        let families = Families { apple: (1..=MOST_APPLE_FAMILIES).rev().find(supports).unwrap_or(0) };
        let byte_kernels = Arc::new(ByteKernels::new(device.clone()));
        let thread_execution_width = families
            .thread_execution_width()
            .or_else(|| byte_kernels.thread_execution_width())
            .unwrap_or(THREAD_EXECUTION_WIDTH);
        let largest = device.maxThreadsPerThreadgroup();
        let memory = NSProcessInfo::processInfo().physicalMemory();
        let limits = Limits {
            max_threads_per_threadgroup: Size::new(largest.width, largest.height, largest.depth),
            max_total_threads_per_threadgroup: families.max_total_threads_per_threadgroup(),
            max_threadgroup_memory_length: device.maxThreadgroupMemoryLength(),
            thread_execution_width,
            max_buffer_length: device.maxBufferLength(),
            // Metal has no limit of its own: what does not fit is refused when it is asked for.
            memory_limit: memory,
            recommended_max_working_set_size: match device.recommendedMaxWorkingSetSize() {
                // Not told.
                0 => memory / 4 * 3,
                bytes => bytes,
            },
            has_unified_memory: device.hasUnifiedMemory(),
            non_uniform_threadgroups: families.non_uniform_threadgroups(),
            look_for: Duration::ZERO,
        };
        Self { name: device.name().to_string(), device, families, limits, byte_kernels }
    }
}

impl backend::Device for MetalDevice {
    fn kind(&self) -> DeviceKind {
        DeviceKind::Metal
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    fn current_allocated_size(&self) -> u64 {
        self.device.currentAllocatedSize() as u64
    }

    fn new_buffer(&self, length: usize, mode: StorageMode) -> Result<Arc<dyn backend::Buffer>> {
        match MetalBuffer::new(&self.device, length, mode)? {
            Some(buffer) => Ok(Arc::new(buffer)),
            None => Err(Error::OutOfMemory {
                length,
                allocated: self.current_allocated_size(),
                limit: self.limits.memory_limit,
            }),
        }
    }

    fn new_library(
        &self,
        source: &str,
        options: &CompileOptions,
    ) -> Result<Arc<dyn backend::Library>, LibraryError> {
        Ok(Arc::new(MetalLibrary::new(&self.device, self.families, source, options)?))
    }

    fn new_queue(&self) -> Result<Arc<dyn backend::Queue>> {
        Ok(Arc::new(MetalQueue::new(&self.device, self.byte_kernels.clone())?))
    }

    fn executes_tensor_programs(&self) -> bool {
        graph::is_available()
    }

    fn new_executable(&self, program: &TensorProgram) -> Result<Option<Arc<dyn Executable>>> {
        Ok(Some(Arc::new(MetalExecutable::new(&self.device, program)?)))
    }
}

/// The oldest systems that have what the back end calls without asking, such as `bindings` of pipelines.
fn check_system() -> Result<()> {
    if objc2::available!(macos = 13.0, ios = 16.0, tvos = 16.0, visionos = 1.0) {
        return Ok(());
    }
    Err(Error::NoDevice { reason: "Metal is used from macOS 13, iOS 16, tvOS 16 and visionOS 1 on".into() })
}
