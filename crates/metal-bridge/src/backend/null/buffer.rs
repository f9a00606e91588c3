use std::ptr::NonNull;
use std::sync::Arc;

use crate::backend::{
    self,
    memory::{Budget, Memory},
};
use crate::error::Result;

#[derive(Debug)]
pub(super) struct NullBuffer(Memory);

impl NullBuffer {
    pub(super) fn new(length: usize, budget: &Arc<Budget>) -> Result<Self> {
        Memory::new(length, budget).map(Self)
    }

    #[cfg(feature = "dlpack")]
    pub(super) fn in_memory(memory: Memory) -> Self {
        Self(memory)
    }
}

impl backend::Buffer for NullBuffer {
    fn contents(&self) -> NonNull<u8> {
        self.0.address()
    }
}
