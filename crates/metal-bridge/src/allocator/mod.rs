//! An allocator that keeps memory instead of giving it back to the device at once.
//!
//! [`BufferAllocator::allocate`] gives an ordinary [`Buffer`] whose memory is a part of a larger block: kernels, copies
//! and the host reach that part and nothing else. There is nothing to release. When the last handle of the buffer is
//! dropped, its memory goes back to the allocator; committed work keeps a handle until it has ended, so memory that is
//! handed out again is never in use.
//!
//! **What is in it.** The contents of a new buffer are unspecified: what the block last held. Use
//! [`allocate_with_data`](BufferAllocator::allocate_with_data) or write before reading.
//!
//! **How it works.** Lengths are rounded up to *size classes*. A released chunk is kept in the list of its class, from
//! which the next request of that class takes it. If the list is empty, the best fit among the free chunks is cut; free
//! neighbours are merged. If nothing fits, what the lists keep is merged, too; only then is another block reserved from
//! the device. Small and large requests, and the three storage modes, have blocks of their own. Blocks without any
//! buffer go back to the device when [`trim`](BufferAllocator::trim) is called, when the limits of
//! [`AllocatorConfig`] are passed, and when the device has no memory left for this allocator, another one, or a
//! buffer of its own: running out of memory is an error ([`Error::PoolExhausted`]) only after that.
//!
//! ```
//! use metal_bridge::{BufferAllocator, Device, ResourceOptions};
//!
//! # fn main() -> metal_bridge::Result<()> {
//! let allocator = BufferAllocator::new(&Device::null(), Default::default())?;
//! let weights = allocator.allocate(1000, ResourceOptions::default())?;
//! weights.set_label("weights");
//! let stats = allocator.memory_stats();
//! assert_eq!((stats.live(), stats.used_memory, stats.active), (1, 1000, 1024));
//!
//! drop(weights);
//! let again = allocator.allocate(1020, ResourceOptions::default())?; // the same memory
//! assert_eq!(allocator.memory_stats().num_pool_hits, 1);
//! println!("{}", allocator.snapshot());
//! # drop(again);
//! # Ok(())
//! # }
//! ```

mod chunks;
mod config;
mod lease;
mod picture;
mod pool;
mod snapshot;
mod stats;

use std::backtrace::Backtrace;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytemuck::Pod;

pub use config::AllocatorConfig;
pub(crate) use lease::Lease;
pub use snapshot::{BlockSnapshot, BufferSnapshot, ChunkSnapshot, ChunkUse, Snapshot};
pub use stats::{ClassStats, MemoryStats};

use chunks::ChunkId;
use config::SizeClasses;
use lease::Block;
use pool::{Removed, Request, State, pool_index};

use crate::backend::memory::ALIGNMENT;
use crate::buffer::{Buffer, ResourceOptions, StorageMode};
use crate::device::Device;
use crate::error::{Error, Result};
use crate::sync::{Mutex, MutexGuard, lock};

/// Large blocks are so many times as long as small ones.
const LARGE_BLOCK: usize = 10;
/// The allocator of [`BufferAllocator::global`].
static GLOBAL: std::sync::Mutex<Option<BufferAllocator>> = std::sync::Mutex::new(None);

/// Hands out buffers from memory that it keeps. A cheap handle: clones are the same allocator. See
/// [`allocator`](self).
///
/// Dropping the last handle gives free memory back to the device at once, and that of each live buffer when the
/// buffer is dropped.
#[derive(Clone)]
pub struct BufferAllocator(Arc<Handle>);

/// Closes the allocator when it is dropped.
struct Handle(Arc<Shared>);

/// What handles and buffers share.
pub(crate) struct Shared {
    device: Device,
    config: AllocatorConfig,
    classes: SizeClasses,
    /// Reserving more than the first gives back until the second.
    watermarks: (u64, u64),
    state: Mutex<State>,
}

impl BufferAllocator {
    /// An allocator of its own for a device.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidSetting`] if a setting has an impossible value.
    pub fn new(device: &Device, config: AllocatorConfig) -> Result<Self> {
        config.check()?;
        let classes = config.classes()?;
        let limit = config.budget.unwrap_or(u64::MAX).min(device.memory_limit());
        let watermarks = config.watermarks.unwrap_or((limit / 10 * 9, limit / 10 * 7));
        let state = Mutex::new(State::new(&classes));
        let shared = Arc::new(Shared { device: device.clone(), config, classes, watermarks, state });
        device.add_pool(&shared);
        Ok(Self(Arc::new(Handle(shared))))
    }

    /// The allocator of the system's default device, with the default configuration: always the same one. It lives as
    /// long as the process, and its device with it.
    ///
    /// # Errors
    ///
    /// Those of [`Device::system_default`].
    #[doc(alias = "GetGlobalAllocator")]
    pub fn global() -> Result<Self> {
        let mut global = GLOBAL.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(allocator) = &*global {
            return Ok(allocator.clone());
        }
        let allocator = Self::new(&Device::system_default()?, AllocatorConfig::new())?;
        Ok(global.insert(allocator).clone())
    }

    /// The device whose memory it hands out.
    pub fn device(&self) -> &Device {
        &self.shared().device
    }

    /// A buffer whose contents are unspecified. Its address is a multiple of 256.
    ///
    /// # Errors
    ///
    /// [`Error::EmptyBuffer`], [`Error::BufferTooLong`], or [`Error::PoolExhausted`] if there is no memory even after
    /// all blocks without a buffer were given back.
    pub fn allocate(&self, length: usize, options: ResourceOptions) -> Result<Buffer> {
        self.shared().allocate(length, options.storage_mode())
    }

    /// A buffer with a copy of some values.
    ///
    /// # Errors
    ///
    /// As [`allocate`](Self::allocate), and [`Error::PrivateBuffer`], since the host cannot write to a private buffer.
    pub fn allocate_with_data<T: Pod>(&self, data: &[T], options: ResourceOptions) -> Result<Buffer> {
        let length = size_of_val(data);
        if options.storage_mode() == StorageMode::Private {
            let buffer = format!("a buffer of {length} bytes");
            return Err(Error::PrivateBuffer { operation: "allocate_with_data", buffer });
        }
        let buffer = self.allocate(length, options)?;
        buffer.write(data)?;
        Ok(buffer)
    }

    /// Numbers of this moment.
    #[doc(alias = "GetMemoryStats")]
    pub fn memory_stats(&self) -> MemoryStats {
        let state = self.shared().lock();
        let classes = state.class_stats();
        state.counters.stats(classes)
    }

    /// Sets the peaks of the numbers to what they are now.
    pub fn reset_peaks(&self) {
        self.shared().lock().counters.reset_peaks();
    }

    /// Gives all blocks without a buffer back to the device; returns their bytes.
    pub fn trim(&self) -> u64 {
        self.trim_to(0)
    }

    /// Gives blocks without a buffer back to the device until at most so many bytes are free, or there are no more such
    /// blocks; returns their bytes.
    pub fn trim_to(&self, cached: u64) -> u64 {
        self.shared().trim_to(cached)
    }

    /// All blocks and what lies in them: live buffers with their labels and, if the allocator was
    /// [set up](AllocatorConfig::backtraces) so, where they were allocated.
    pub fn snapshot(&self) -> Snapshot {
        self.shared().snapshot()
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.0.0
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Gives blocks back until at most so many bytes are free; returns their bytes.
    pub(crate) fn trim_to(&self, cached: u64) -> u64 {
        let mut state = self.lock();
        let before = state.counters.reserved;
        let removed = state.trim(|counters| counters.cached() > cached);
        let after = state.counters.reserved;
        drop(state);
        drop(removed);
        before - after
    }

    fn allocate(self: &Arc<Self>, length: usize, mode: StorageMode) -> Result<Buffer> {
        self.device.check_length(length)?;
        let (size, class) = self.classes.fit(length);
        let origin = self.config.backtraces.then(|| Arc::new(Backtrace::force_capture()));
        let small = size <= self.config.minimum_block / 2;
        let request = Request { length, size, class, pool: pool_index(mode, small), origin };
        let mut state = self.lock();
        let mut taken = self.take(&mut state, &request, mode);
        if taken.is_err() {
            // Other allocators of the device may keep what is missing; their locks are taken without this one.
            drop(state);
            let relieved = self.device.relieve(Some(self)) > 0;
            state = self.lock();
            if relieved {
                taken = self.take(&mut state, &request, mode);
            }
            state.counters.failures += u64::from(taken.is_err());
        }
        let (chunk, block) = taken?;
        let offset = state.offset(chunk);
        drop(state);
        Ok(Buffer::pooled(Lease::new(block, chunk), offset, length, mode))
    }

    /// Takes a chunk of memory that is reserved already, or reserves some.
    fn take(
        self: &Arc<Self>,
        state: &mut State,
        request: &Request,
        mode: StorageMode,
    ) -> Result<(ChunkId, Arc<Block>)> {
        match state.take(request) {
            Some(taken) => Ok(taken),
            None => self.reserve(state, request, mode),
        }
    }

    /// Reserves a block for a request and takes its chunk. Tries smaller blocks, and then again without what is free.
    fn reserve(
        self: &Arc<Self>,
        state: &mut State,
        request: &Request,
        mode: StorageMode,
    ) -> Result<(ChunkId, Arc<Block>)> {
        let minimum = self.config.minimum_block;
        let usual = match request.size {
            size if size <= minimum / 2 => minimum,
            size if size < minimum.saturating_mul(LARGE_BLOCK / 2) => minimum.saturating_mul(LARGE_BLOCK),
            size => size.checked_next_multiple_of(minimum).unwrap_or(size),
        };
        let exact = request.length.next_multiple_of(ALIGNMENT);
        let (high, low) = self.watermarks;
        if state.counters.reserved.saturating_add(usual as u64) > high {
            drop(state.trim(|counters| counters.reserved.saturating_add(usual as u64) > low));
        }
        for last in [false, true] {
            for (length, size, class) in [
                (usual, request.size, request.class),
                (request.size, request.size, request.class),
                (exact, exact, None),
            ] {
                let within = |budget| state.counters.reserved.saturating_add(length as u64) <= budget;
                if !self.config.budget.is_none_or(within) || length > self.device.max_buffer_length() {
                    continue;
                }
                if let Ok(memory) = self.device.new_memory(length, mode) {
                    let block = Arc::new(Block { shared: self.clone(), memory });
                    let request = Request { size, class, ..request.clone() };
                    return Ok(state.take_from_new(block, length, &request));
                }
            }
            if !last {
                // Given back here, so that the device has it at the second try.
                drop(state.trim(|_| true));
            }
        }
        Err(Error::PoolExhausted {
            length: request.length,
            active: state.counters.active,
            cached: state.counters.cached(),
            reserved: state.counters.reserved,
            budget: self.config.budget,
            device_allocated: self.device.current_allocated_size(),
            device_limit: self.device.memory_limit(),
        })
    }

    fn release(&self, chunk: ChunkId) {
        let mut state = self.lock();
        let removed: Removed = state.release(chunk, &self.classes, self.config.maximum_cached);
        drop(state);
        drop(removed);
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        let removed = state.close();
        let leaks = state.counters.active > 0;
        drop(state);
        drop(removed);
        if let Some(report) = self.0.config.on_leak.as_ref().filter(|_| leaks) {
            let snapshot = self.0.snapshot();
            // The report is the caller's function.
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| report(&snapshot))) {
                std::mem::forget(payload);
            }
        }
    }
}

impl fmt::Debug for BufferAllocator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufferAllocator")
            .field("device", self.device())
            .field("stats", &self.memory_stats())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("device", &self.device).finish_non_exhaustive()
    }
}
