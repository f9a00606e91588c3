//! Host memory for buffers: zeroed, aligned, counted, and refused instead of aborting.

use std::alloc::Layout;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, Result};

/// Alignment of every buffer, as Metal's.
pub(crate) const ALIGNMENT: usize = 256;

/// From this length on, memory comes in pages of its own, which the system zeroes when they are first touched.
const MAP_FROM: usize = 64 << 10;

/// From this length on, large pages are worth what they may waste: kernels that go through memory in large steps, such as
/// down the columns of a matrix, need a page for each step.
#[cfg(target_os = "linux")]
const LARGE_PAGES_FROM: usize = 4 << 20;

/// How much memory the buffers of a device have, and may have.
#[derive(Debug)]
pub(crate) struct Budget {
    used: AtomicU64,
    limit: u64,
}

impl Budget {
    pub(crate) fn new(limit: u64) -> Arc<Self> {
        Arc::new(Self { used: AtomicU64::new(0), limit })
    }

    /// Bytes taken now.
    pub(crate) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// Most bytes.
    pub(crate) fn limit(&self) -> u64 {
        self.limit
    }

    fn take(&self, length: usize) -> Result<()> {
        self.used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                used.checked_add(length as u64).filter(|sum| *sum <= self.limit)
            })
            .map(drop)
            .map_err(|used| self.out_of_memory(length, used))
    }

    fn give_back(&self, length: usize) {
        self.used.fetch_sub(length as u64, Ordering::Relaxed);
    }

    fn out_of_memory(&self, length: usize, allocated: u64) -> Error {
        Error::OutOfMemory { length, allocated, limit: self.limit }
    }
}

/// A block of memory, accessed by address only: no Rust reference to it is kept here.
#[derive(Debug)]
pub(crate) struct Memory {
    address: NonNull<u8>,
    length: usize,
    kind: Kind,
    budget: Arc<Budget>,
}

#[derive(Debug)]
enum Kind {
    Heap(Layout),
    Map(#[expect(dead_code, reason = "kept alive")] memmap2::MmapRaw),
}

// SAFETY: `Memory` owns its block like a `Box<[u8]>` would; it is only ever accessed through the address,
// and who does that says why it is sound there.
unsafe impl Send for Memory {}
// SAFETY: as for `Send`; shared references give out the address and the length alone.
unsafe impl Sync for Memory {}

impl Memory {
    /// A zeroed block of at least one byte.
    pub(crate) fn new(length: usize, budget: &Arc<Budget>) -> Result<Self> {
        budget.take(length)?;
        let block = if length < MAP_FROM { heap(length) } else { map(length) };
        match block {
            Some((address, kind)) => Ok(Self { address, length, kind, budget: budget.clone() }),
            None => {
                budget.give_back(length);
                Err(budget.out_of_memory(length, budget.used()))
            }
        }
    }

    /// First byte, aligned to [`ALIGNMENT`].
    pub(crate) fn address(&self) -> NonNull<u8> {
        self.address
    }

    /// Number of bytes.
    #[cfg(any(not(target_vendor = "apple"), feature = "cpu", test))]
    pub(crate) fn length(&self) -> usize {
        self.length
    }
}

fn heap(length: usize) -> Option<(NonNull<u8>, Kind)> {
    let layout = Layout::from_size_align(length.max(1), ALIGNMENT).ok()?.pad_to_align();
    // SAFETY: the layout's size is not zero.
    let address = unsafe { std::alloc::alloc_zeroed(layout) };
    Some((NonNull::new(address)?, Kind::Heap(layout)))
}

fn map(length: usize) -> Option<(NonNull<u8>, Kind)> {
    let map = memmap2::MmapRaw::from(memmap2::MmapMut::map_anon(length).ok()?);
    #[cfg(target_os = "linux")]
    if length >= LARGE_PAGES_FROM {
        // A hint; without it there are small pages.
        let _ = map.advise(memmap2::Advice::HugePage);
    }
    let address = NonNull::new(map.as_mut_ptr())?;
    debug_assert_eq!(address.as_ptr() as usize % ALIGNMENT, 0, "pages are aligned");
    Some((address, Kind::Map(map)))
}

impl Drop for Memory {
    fn drop(&mut self) {
        if let Kind::Heap(layout) = self.kind {
            // SAFETY: the block came from the allocator with this layout and is freed once, here.
            unsafe { std::alloc::dealloc(self.address.as_ptr(), layout) };
        }
        self.budget.give_back(self.length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_zeroed_aligned_and_counted() {
        let budget = Budget::new(8 << 20);
        for length in [1, 255, 256, MAP_FROM - 1, MAP_FROM, MAP_FROM + 1, (5 << 20) + 3] {
            let memory = Memory::new(length, &budget).unwrap();
            assert_eq!(budget.used(), length as u64);
            assert_eq!(memory.address().as_ptr() as usize % ALIGNMENT, 0);
            // SAFETY: the block has `length` initialised bytes and nobody else knows it.
            let bytes = unsafe { std::slice::from_raw_parts(memory.address().as_ptr(), memory.length()) };
            assert!(bytes.iter().all(|b| *b == 0));
        }
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn too_much_is_refused_with_the_numbers() {
        let budget = Budget::new(1000);
        let _held = Memory::new(600, &budget).unwrap();
        let error = Memory::new(600, &budget).unwrap_err();
        assert_eq!(error, Error::OutOfMemory { length: 600, allocated: 600, limit: 1000 });
        assert_eq!(budget.used(), 600);
    }

    #[test]
    fn what_the_system_refuses_is_given_back() {
        let budget = Budget::new(u64::MAX);
        let length = isize::MAX as usize - 65535;
        let error = Memory::new(length, &budget).unwrap_err();
        assert_eq!(error, Error::OutOfMemory { length, allocated: 0, limit: u64::MAX });
        assert_eq!(budget.used(), 0);
    }
}
