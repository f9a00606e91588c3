//! The pooling allocator: its buffers, its limits, its numbers.

#[path = "allocator/buffers.rs"]
mod buffers;
#[path = "common/mod.rs"]
mod common;
#[path = "allocator/limits.rs"]
mod limits;
#[path = "allocator/model.rs"]
mod model;
#[path = "allocator/snapshots.rs"]
mod snapshots;
#[path = "allocator/trace.rs"]
mod trace;

use metal_bridge::{AllocatorConfig, Buffer, BufferAllocator, Device, ResourceOptions};

const SHARED: ResourceOptions = ResourceOptions::STORAGE_MODE_SHARED;

/// An allocator on a null device.
fn allocator(config: AllocatorConfig) -> BufferAllocator {
    BufferAllocator::new(&Device::null(), config).unwrap()
}

fn address(buffer: &Buffer) -> usize {
    // SAFETY: the address is compared, and nothing is accessed through it.
    unsafe { buffer.contents() }.unwrap().addr().get()
}
