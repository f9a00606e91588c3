//! Functions made ready to run.
//!
//! Making a pipeline compiles one function to the device's code. Make it once and keep it.
//!
//! ```
//! use metal_bridge::{CompileOptions, Device};
//!
//! # fn main() -> metal_bridge::Result<()> {
//! let source = "
//!     #include <metal_stdlib>
//!     using namespace metal;
//!     kernel void scale(device float *x [[buffer(0)]], constant float &factor [[buffer(1)]],
//!                       uint i [[thread_position_in_grid]]) {
//!         x[i] *= factor;
//!     }";
//! let device = Device::system_default()?;
//! let library = device.new_library_with_source(source, &CompileOptions::default())?;
//! let function = library.new_function_with_name("scale")?;
//! let pipeline = device.new_compute_pipeline_state_with_function(&function)?;
//! assert_eq!(pipeline.name(), "scale");
//! assert_eq!(pipeline.max_total_threads_per_threadgroup(), 1024);
//! assert_eq!(pipeline.thread_execution_width(), 32);
//! assert!(pipeline.log().warnings.is_empty());
//! assert_eq!(pipeline.reflection().arguments[1].name, "factor");
//! # Ok(())
//! # }
//! ```

use std::fmt;
use std::sync::Arc;

use msl_types::{FunctionReflection, PipelineLog};

use crate::backend;
use crate::device::Device;
use crate::error::named;
use crate::size::Size;

/// A function compiled for a device. A cheap handle; made by
/// [`Device::new_compute_pipeline_state_with_function`].
#[doc(alias = "MTLComputePipelineState")]
#[derive(Clone)]
pub struct ComputePipelineState(Arc<Inner>);

struct Inner {
    device: Device,
    backend: Arc<dyn backend::Pipeline>,
    checked: bool,
}

impl ComputePipelineState {
    pub(crate) fn new(device: Device, backend: Arc<dyn backend::Pipeline>, checked: bool) -> Self {
        Self(Arc::new(Inner { device, backend, checked }))
    }

    /// The device that made it.
    pub fn device(&self) -> &Device {
        &self.0.device
    }

    /// The name of its function.
    #[doc(alias = "label")]
    pub fn name(&self) -> &str {
        &self.reflection().name
    }

    /// What its function takes: arguments, threadgroup memory, function constants.
    #[doc(alias = "MTLComputePipelineReflection")]
    pub fn reflection(&self) -> &FunctionReflection {
        self.0.backend.reflection()
    }

    /// What the compiler has to say of it: warnings, and how it was compiled.
    pub fn log(&self) -> &PipelineLog {
        self.0.backend.log()
    }

    /// Whether its accesses to memory are checked:
    /// not if it was made by [`Device::new_unchecked_compute_pipeline_state_with_function`].
    pub fn is_checked(&self) -> bool {
        self.0.checked
    }

    /// Most threads that a threadgroup may have in a dispatch of this pipeline.
    #[doc(alias = "maxTotalThreadsPerThreadgroup")]
    pub fn max_total_threads_per_threadgroup(&self) -> usize {
        let limit = self.device().limits().max_total_threads_per_threadgroup;
        let limit = self.backend().max_total_threads_per_threadgroup().map_or(limit, |own| limit.min(own));
        self.reflection().max_total_threads_per_threadgroup.map_or(limit, |own| limit.min(own as usize))
    }

    /// The size that the source requires of threadgroups, if it does.
    #[doc(alias = "requiredThreadsPerThreadgroup")]
    pub fn required_threads_per_threadgroup(&self) -> Option<Size> {
        let [x, y, z] = self.reflection().required_threads_per_threadgroup?;
        Some(Size::new(x as usize, y as usize, z as usize))
    }

    /// Threads of a SIMD-group. Threadgroups of a multiple of it make the best use of the device.
    #[doc(alias = "threadExecutionWidth")]
    pub fn thread_execution_width(&self) -> usize {
        self.backend().thread_execution_width().unwrap_or_else(|| self.device().thread_execution_width())
    }

    /// Bytes of threadgroup memory that the source declares itself.
    #[doc(alias = "staticThreadgroupMemoryLength")]
    pub fn static_threadgroup_memory_length(&self) -> usize {
        self.reflection().static_threadgroup_memory_length
    }

    pub(crate) fn backend(&self) -> &Arc<dyn backend::Pipeline> {
        &self.0.backend
    }

    /// How errors name it.
    pub(crate) fn describe(&self) -> String {
        named("pipeline of function", self.name())
    }
}

impl fmt::Debug for ComputePipelineState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ComputePipelineState").field("name", &self.name()).finish_non_exhaustive()
    }
}
