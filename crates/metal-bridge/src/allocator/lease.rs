//! What a buffer holds of an allocator.

use std::fmt;
use std::sync::Arc;

use super::Shared;
use super::chunks::ChunkId;
use crate::backend;
use crate::device::Device;

/// Memory reserved from the device, of which buffers have parts.
pub(super) struct Block {
    pub(super) shared: Arc<Shared>,
    pub(super) memory: Arc<dyn backend::Buffer>,
}

/// The right to one chunk of a block, until it is dropped.
pub(crate) struct Lease {
    block: Arc<Block>,
    chunk: ChunkId,
}

impl Lease {
    pub(super) fn new(block: Arc<Block>, chunk: ChunkId) -> Self {
        Self { block, chunk }
    }

    pub(crate) fn device(&self) -> &Device {
        &self.block.shared.device
    }

    /// The memory of the whole block.
    pub(crate) fn memory(&self) -> &Arc<dyn backend::Buffer> {
        &self.block.memory
    }

    /// Tells the allocator's snapshots the buffer's label.
    pub(crate) fn set_label(&self, label: &str) {
        self.block.shared.lock().set_label(self.chunk, label);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.block.shared.release(self.chunk);
    }
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Block").field("memory", &self.memory).finish_non_exhaustive()
    }
}
