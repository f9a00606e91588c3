//! Encoders write commands into a command buffer.
//!
//! A [`ComputeCommandEncoder`] runs kernels, a [`BlitCommandEncoder`] copies and fills buffers. One encoder
//! of a command buffer is open at a time, and it must be ended before the command buffer is committed. What
//! a later encoder does sees the results of the earlier ones.
//!
//! Bindings work as in Metal: what is set stays for the following dispatches of the same encoder, and a
//! dispatch takes what is set at that moment.
//!
//! ```
//! use metal_bridge::{CompileOptions, Device, ResourceOptions};
//!
//! # fn main() -> metal_bridge::Result<()> {
//! # let source = "
//! #     #include <metal_stdlib>
//! #     using namespace metal;
//! #     kernel void fill(device float *out [[buffer(0)]], constant float &value [[buffer(1)]],
//! #                      uint i [[thread_position_in_grid]]) { out[i] = value; }";
//! let device = Device::system_default()?;
//! // kernel void fill(device float *out [[buffer(0)]], constant float &value [[buffer(1)]],
//! //                  uint i [[thread_position_in_grid]]) { out[i] = value; }
//! let library = device.new_library_with_source(source, &CompileOptions::default())?;
//! let function = library.new_function_with_name("fill")?;
//! let pipeline = device.new_compute_pipeline_state_with_function(&function)?;
//! let out = device.new_buffer_with_length(4 * 1000, ResourceOptions::default())?;
//!
//! let command_buffer = device.new_command_queue()?.new_command_buffer();
//! let mut encoder = command_buffer.new_compute_command_encoder()?;
//! encoder.set_compute_pipeline_state(&pipeline)?;
//! encoder.set_buffer(&out, 0, 0)?;
//! encoder.set_bytes(&[1.5f32], 1)?;
//! encoder.dispatch_threads(1000, 64)?;
//! encoder.end_encoding()?;
//! command_buffer.commit()?;
//! command_buffer.wait_until_completed()?;
//! assert!(out.read::<f32>()?.iter().all(|value| *value == 1.5));
//! # Ok(())
//! # }
//! ```

mod blit;
mod common;
mod compute;
mod dispatch;

pub use blit::BlitCommandEncoder;
pub use compute::ComputeCommandEncoder;

use common::encoder;

use crate::device::Device;
use crate::error::{Error, Result};

/// Whether the dispatches of a compute encoder may overlap.
#[doc(alias = "MTLDispatchType")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DispatchType {
    /// Each dispatch sees the results of those before it.
    #[default]
    Serial,
    /// Dispatches may overlap; a barrier orders those before it against those after it. A device may still
    /// run them one after the other, as the CPU device does.
    Concurrent,
}

/// What a barrier orders accesses to.
#[doc(alias = "MTLBarrierScope")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BarrierScope {
    /// Buffers.
    #[default]
    Buffers,
}

/// An error if an object belongs to another device than the expected one.
pub(crate) fn check_device(
    expected: &Device,
    object: &Device,
    describe: impl FnOnce() -> String,
) -> Result<()> {
    if expected == object {
        return Ok(());
    }
    Err(Error::DeviceMismatch {
        object: describe(),
        got: object.name().to_owned(),
        expected: expected.name().to_owned(),
    })
}
