//! Queues of command buffers.
//!
//! A queue executes its command buffers one after the other, in the order in which they are committed.
//! Different queues do not wait for each other: order between them is the caller's, by waiting or in a
//! completed handler.
//!
//! ```
//! use metal_bridge::Device;
//!
//! # fn main() -> metal_bridge::Result<()> {
//! let queue = Device::null().new_command_queue()?;
//! let command_buffer = queue.new_command_buffer();
//! command_buffer.commit()?;
//! command_buffer.wait_until_completed()?;
//! # Ok(())
//! # }
//! ```

use std::fmt;
use std::sync::Arc;

use crate::backend;
use crate::command_buffer::CommandBuffer;
use crate::device::Device;
use crate::handlers::Strand;
use crate::sync::{Mutex, lock};

/// A queue of command buffers. A cheap handle; made by [`Device::new_command_queue`].
///
/// Dropping the last handle cancels nothing: committed work is completed.
#[doc(alias = "MTLCommandQueue")]
#[derive(Clone)]
pub struct CommandQueue(Arc<Inner>);

struct Inner {
    device: Device,
    backend: Arc<dyn backend::Queue>,
    /// Runs the completed handlers of this queue's command buffers.
    handlers: Arc<Strand>,
    label: Mutex<String>,
}

impl CommandQueue {
    pub(crate) fn new(device: Device, backend: Arc<dyn backend::Queue>) -> Self {
        Self(Arc::new(Inner { device, backend, handlers: Arc::default(), label: Mutex::default() }))
    }

    /// The device that made it.
    pub fn device(&self) -> &Device {
        &self.0.device
    }

    /// An empty command buffer that will execute on this queue.
    #[doc(alias = "commandBuffer")]
    #[doc(alias = "NewCommandBuffer")]
    pub fn new_command_buffer(&self) -> CommandBuffer {
        CommandBuffer::new(self.clone())
    }

    /// The label; empty if none was set.
    pub fn label(&self) -> String {
        lock(&self.0.label).clone()
    }

    /// Sets a label.
    #[doc(alias = "setLabel:")]
    pub fn set_label(&self, label: impl Into<String>) {
        let label = label.into();
        self.0.backend.set_label(&label);
        *lock(&self.0.label) = label;
    }

    /// Whether both are handles of one queue.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn backend(&self) -> &dyn backend::Queue {
        &*self.0.backend
    }

    /// Runs a job on a handler thread, after the jobs handed in before.
    pub(crate) fn run_handlers(&self, job: impl FnOnce() + Send + 'static) {
        self.device().handlers().run(&self.0.handlers, Box::new(job));
    }
}

impl fmt::Debug for CommandQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommandQueue").field("label", &self.label()).finish_non_exhaustive()
    }
}
