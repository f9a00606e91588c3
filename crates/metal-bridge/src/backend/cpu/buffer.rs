use std::ptr::NonNull;
use std::sync::Arc;

use crate::backend::{
    self,
    memory::{Budget, Memory},
};
use crate::error::Result;

#[derive(Debug)]
pub(super) struct CpuBuffer(Memory);

impl CpuBuffer {
    pub(super) fn new(length: usize, budget: &Arc<Budget>) -> Result<Self> {
        Memory::new(length, budget).map(Self)
    }

    #[cfg(feature = "dlpack")]
    pub(super) fn in_memory(memory: Memory) -> Self {
        Self(memory)
    }

    /// The address of a byte.
    pub(super) fn at(&self, offset: usize) -> *mut u8 {
        debug_assert!(offset <= self.0.length(), "the API checks offsets");
        self.0.address().as_ptr().wrapping_add(offset)
    }
}

impl backend::Buffer for CpuBuffer {
    fn contents(&self) -> NonNull<u8> {
        self.0.address()
    }
}
