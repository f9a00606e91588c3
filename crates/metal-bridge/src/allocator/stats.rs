//! Numbers of an allocator.

use serde::{Deserialize, Serialize};

/// How much memory an allocator has, and what it has done: true at the moment of the call. Sizes are in bytes.
///
/// At every moment `total_memory` = `active` + `total_free`; `used_memory` ≤ `active`;
/// `num_allocations` = `num_pool_hits` + `num_pool_misses`; and `num_allocations` − `num_deallocations` buffers live.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MemoryStats {
    /// Buffers handed out so far.
    #[doc(alias = "NumAllocations")]
    pub num_allocations: u64,
    /// Buffers that came back so far.
    #[doc(alias = "NumDeallocations")]
    pub num_deallocations: u64,
    /// Of the allocations, those served from memory that was reserved already.
    #[doc(alias = "NumPoolHits")]
    pub num_pool_hits: u64,
    /// Of the allocations, those for which memory was reserved from the device.
    #[doc(alias = "NumPoolMisses")]
    pub num_pool_misses: u64,
    /// Allocations that failed for want of memory.
    pub num_failures: u64,
    /// Blocks reserved from the device so far.
    pub num_blocks_reserved: u64,
    /// Blocks given back to it so far.
    pub num_blocks_returned: u64,
    /// Bytes reserved from the device; PyTorch's *reserved*.
    #[doc(alias = "TotalMemory")]
    #[doc(alias = "reserved")]
    pub total_memory: u64,
    /// Bytes of live buffers, as asked for.
    #[doc(alias = "UsedMemory")]
    pub used_memory: u64,
    /// Reserved bytes that no buffer has; PyTorch's *cached*.
    #[doc(alias = "TotalFree")]
    #[doc(alias = "cached")]
    pub total_free: u64,
    /// Bytes of live buffers, rounded up to their size classes.
    pub active: u64,
    /// Of the free bytes, those in blocks without any buffer, which a trim gives back.
    pub trimmable: u64,
    /// Most `total_memory` so far.
    pub peak_total: u64,
    /// Most `used_memory` so far.
    pub peak_used: u64,
    /// Most `active` so far.
    pub peak_active: u64,
    /// The size classes that have been asked for, the smallest first.
    pub classes: Vec<ClassStats>,
}

/// Numbers of one size class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ClassStats {
    /// Its size in bytes; 0 stands for all that is longer than the largest class.
    pub size: usize,
    /// Buffers that live now.
    pub live: u64,
    /// Free chunks kept apart for it now.
    pub cached: u64,
    /// Buffers handed out so far.
    pub allocations: u64,
}

impl MemoryStats {
    /// Bytes reserved from the device: `total_memory`.
    pub fn reserved(&self) -> u64 {
        self.total_memory
    }

    /// Reserved bytes that no buffer has: `total_free`.
    pub fn cached(&self) -> u64 {
        self.total_free
    }

    /// Buffers that live.
    pub fn live(&self) -> u64 {
        self.num_allocations - self.num_deallocations
    }

    /// The share of the reserved memory that is free but lies between buffers, so that it can be handed out again but
    /// not be given back to the device: from 0 to 1.
    pub fn fragmentation(&self) -> f64 {
        ratio(self.total_free - self.trimmable, self.total_memory)
    }

    /// The share of the buffers' memory that rounding up to size classes wastes: from 0 to 1.
    pub fn internal_fragmentation(&self) -> f64 {
        ratio(self.active - self.used_memory, self.active)
    }
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// The counters behind the numbers; changed under the allocator's lock.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) allocations: u64,
    pub(super) deallocations: u64,
    pub(super) misses: u64,
    pub(super) failures: u64,
    pub(super) blocks_reserved: u64,
    pub(super) blocks_returned: u64,
    pub(super) reserved: u64,
    pub(super) used: u64,
    pub(super) active: u64,
    pub(super) trimmable: u64,
    pub(super) peak_reserved: u64,
    pub(super) peak_used: u64,
    pub(super) peak_active: u64,
}

impl Counters {
    pub(super) fn cached(&self) -> u64 {
        self.reserved - self.active
    }

    pub(super) fn allocated(&mut self, length: usize, size: usize) {
        self.allocations += 1;
        self.used += length as u64;
        self.active += size as u64;
        self.peak_used = self.peak_used.max(self.used);
        self.peak_active = self.peak_active.max(self.active);
    }

    pub(super) fn released(&mut self, length: usize, size: usize) {
        self.deallocations += 1;
        self.used -= length as u64;
        self.active -= size as u64;
    }

    pub(super) fn reset_peaks(&mut self) {
        (self.peak_reserved, self.peak_used, self.peak_active) = (self.reserved, self.used, self.active);
    }

    pub(super) fn stats(&self, classes: Vec<ClassStats>) -> MemoryStats {
        MemoryStats {
            num_allocations: self.allocations,
            num_deallocations: self.deallocations,
            num_pool_hits: self.allocations - self.misses,
            num_pool_misses: self.misses,
            num_failures: self.failures,
            num_blocks_reserved: self.blocks_reserved,
            num_blocks_returned: self.blocks_returned,
            total_memory: self.reserved,
            used_memory: self.used,
            total_free: self.cached(),
            active: self.active,
            trimmable: self.trimmable,
            peak_total: self.peak_reserved,
            peak_used: self.peak_used,
            peak_active: self.peak_active,
            classes,
        }
    }
}
