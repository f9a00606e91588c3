//! The null device, for tests of programs that use this crate.
//!
//! It checks every call as all devices do, executes nothing, and needs no compiler. Functions are declared
//! instead of compiled, what was committed can be looked at, and the end of work can be held back or made to
//! fail — so that a test can bring about what would otherwise be a matter of luck.
//!
//! ```
//! use metal_bridge::null::{self, NullDevice};
//! use metal_bridge::{CommandBufferStatus, CompileOptions, Error};
//!
//! # fn main() -> metal_bridge::Result<()> {
//! let null = NullDevice::with_functions(vec![null::reflection("step")]);
//! let device = null.device();
//! let function = device.new_library_with_source("", &CompileOptions::default())?.new_function_with_name("step")?;
//! let pipeline = device.new_compute_pipeline_state_with_function(&function)?;
//!
//! let command_buffer = device.new_command_queue()?.new_command_buffer();
//! let mut encoder = command_buffer.new_compute_command_encoder()?;
//! encoder.set_compute_pipeline_state(&pipeline)?;
//! encoder.dispatch_threads(100, 32)?;
//! encoder.end_encoding()?;
//!
//! null.hold();
//! command_buffer.commit()?;
//! assert_eq!(command_buffer.status(), CommandBufferStatus::Committed);
//! null.fail_next(Error::Internal { message: "a test".into() });
//! null.release();
//! assert!(command_buffer.wait_until_completed().is_err());
//! assert_eq!(null.commands(), ["dispatch `step`: grid 100 × 1 × 1, threadgroup 32 × 1 × 1"]);
//! # Ok(())
//! # }
//! ```

use std::sync::Arc;

use msl_types::FunctionReflection;

use crate::backend::null::device::{Control, NullBackend};
use crate::device::Device;
use crate::error::Error;

/// Makes a null device and controls it. Dropping it releases what is held.
#[derive(Debug)]
pub struct NullDevice {
    device: Device,
    control: Arc<Control>,
}

impl NullDevice {
    /// A device whose libraries are empty.
    pub fn new() -> Self {
        Self::with_functions(Vec::new())
    }

    /// A device whose libraries have these functions, whatever the source.
    pub fn with_functions(functions: Vec<FunctionReflection>) -> Self {
        let control = Arc::new(Control::new(true));
        Self { device: Device::new(Box::new(NullBackend::new(functions, control.clone()))), control }
    }

    /// A device without control and records.
    pub(crate) fn unrecorded() -> Device {
        Device::new(Box::new(NullBackend::new(Vec::new(), Arc::new(Control::new(false)))))
    }

    /// The device.
    pub fn device(&self) -> Device {
        self.device.clone()
    }

    /// From now on committed work does not end, until [`release`](Self::release).
    pub fn hold(&self) {
        self.control.hold();
    }

    /// Ends all held work in the order in which it was committed, and holds back no more.
    pub fn release(&self) {
        self.control.release();
    }

    /// Ends the oldest held work; false if there is none.
    pub fn release_one(&self) -> bool {
        self.control.release_one()
    }

    /// Makes the work that ends next end with this error.
    pub fn fail_next(&self, error: Error) {
        self.control.fail_next(error);
    }

    /// One line for each command committed so far, and for each label of a command buffer or encoder. Offsets in buffers of
    /// an [allocator](crate::BufferAllocator) count from the beginning of its block.
    pub fn commands(&self) -> Vec<String> {
        self.control.commands()
    }
}

impl Default for NullDevice {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for NullDevice {
    fn drop(&mut self) {
        self.release();
    }
}

/// A function without arguments or demands, to be completed by the caller.
pub fn reflection(name: impl Into<String>) -> FunctionReflection {
    FunctionReflection {
        name: name.into(),
        arguments: Vec::new(),
        function_constants: Vec::new(),
        static_threadgroup_memory_length: 0,
        max_total_threads_per_threadgroup: None,
        required_threads_per_threadgroup: None,
        line: 0,
    }
}
