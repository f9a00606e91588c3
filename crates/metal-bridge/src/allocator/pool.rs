//! The allocator's state: pools, blocks, live buffers and counters, changed under its lock.

use std::backtrace::Backtrace;
use std::sync::Arc;

use super::chunks::{BlockId, ChunkId, Chunks, FreeSet, Use};
use super::config::SizeClasses;
use super::lease::Block;
use super::stats::{ClassStats, Counters};
use crate::buffer::StorageMode;

/// Storage modes, each with a pool for small and one for large requests.
const MODES: [StorageMode; 3] = [StorageMode::Shared, StorageMode::Managed, StorageMode::Private];
const POOLS: usize = MODES.len() * 2;

#[derive(Debug)]
pub(super) struct State {
    chunks: Chunks,
    /// By chunk, what is known of the buffer that has it.
    live: Vec<Live>,
    blocks: Vec<Option<BlockEntry>>,
    pools: [Pool; POOLS],
    /// By class, then all beyond the classes.
    classes: Vec<ClassStats>,
    pub(super) counters: Counters,
    /// The allocator is gone: what comes back goes to the device.
    closed: bool,
}

/// Chunks of one storage mode and kind of request.
#[derive(Debug)]
struct Pool {
    free: FreeSet,
    /// By class, the kept chunks; the latest, whose memory is likely in a cache, at the end.
    kept: Vec<Vec<ChunkId>>,
}

#[derive(Debug)]
pub(super) struct BlockEntry {
    pub(super) block: Arc<Block>,
    pub(super) length: usize,
    pub(super) pool: usize,
    pub(super) first: ChunkId,
    /// Live chunks.
    live: usize,
}

/// A live buffer.
#[derive(Clone, Debug, Default)]
pub(super) struct Live {
    pub(super) length: usize,
    class: Option<usize>,
    pub(super) number: u64,
    pub(super) label: String,
    pub(super) origin: Option<Arc<Backtrace>>,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) length: usize,
    pub(super) size: usize,
    pub(super) class: Option<usize>,
    pub(super) pool: usize,
    pub(super) origin: Option<Arc<Backtrace>>,
}

/// Blocks that have left the pool; to be dropped without the lock, which gives their memory to the device.
pub(super) type Removed = Vec<Arc<Block>>;

/// Index of the pool for a storage mode and kind of request.
pub(super) fn pool_index(mode: StorageMode, small: bool) -> usize {
    let mode = MODES.iter().position(|known| *known == mode).unwrap_or(0);
    mode * 2 + usize::from(!small)
}

/// The storage mode of a pool, and whether it is for small requests.
pub(super) fn pool_kind(pool: usize) -> (StorageMode, bool) {
    (MODES[pool / 2], pool.is_multiple_of(2))
}

impl State {
    pub(super) fn new(classes: &SizeClasses) -> Self {
        let sizes = classes.sizes.iter().copied().chain([0]);
        let pool = || Pool { free: FreeSet::default(), kept: vec![Vec::new(); classes.sizes.len()] };
        Self {
            chunks: Chunks::default(),
            live: Vec::new(),
            blocks: Vec::new(),
            pools: std::array::from_fn(|_| pool()),
            classes: sizes.map(|size| ClassStats { size, ..ClassStats::default() }).collect(),
            counters: Counters::default(),
            closed: false,
        }
    }

    /// A chunk of memory that is reserved already, if there is one.
    pub(super) fn take(&mut self, request: &Request) -> Option<(ChunkId, Arc<Block>)> {
        let id = self.take_kept(request).or_else(|| self.carve(request)).or_else(|| {
            self.merge_kept(request.pool);
            self.carve(request)
        })?;
        Some(self.hand_out(id, request))
    }

    fn take_kept(&mut self, request: &Request) -> Option<ChunkId> {
        let class = request.class?;
        let id = self.pools[request.pool].kept[class].pop()?;
        self.classes[class].cached -= 1;
        self.chunks.mark(id, Use::Live);
        Some(id)
    }

    fn carve(&mut self, request: &Request) -> Option<ChunkId> {
        self.chunks.carve(request.size, &mut self.pools[request.pool].free)
    }

    /// Counts a chunk that is marked as live.
    fn hand_out(&mut self, id: ChunkId, request: &Request) -> (ChunkId, Arc<Block>) {
        let chunk = *self.chunks.get(id);
        self.counters.allocated(request.length, chunk.size);
        let class = self.class_mut(request.class);
        class.live += 1;
        class.allocations += 1;
        if self.live.len() <= id as usize {
            self.live.resize_with(id as usize + 1, Live::default);
        }
        let live = &mut self.live[id as usize];
        (live.length, live.class, live.number) = (request.length, request.class, self.counters.allocations);
        live.origin.clone_from(&request.origin);
        let entry = self.blocks[chunk.block as usize].as_mut().expect("a chunk's block is there");
        entry.live += 1;
        if entry.live == 1 {
            self.counters.trimmable -= entry.length as u64;
        }
        (id, entry.block.clone())
    }

    fn class_mut(&mut self, class: Option<usize>) -> &mut ClassStats {
        let beyond = self.classes.len() - 1;
        &mut self.classes[class.unwrap_or(beyond)]
    }

    /// The index that the next block gets.
    pub(super) fn next_block(&self) -> BlockId {
        self.blocks.iter().position(Option::is_none).unwrap_or(self.blocks.len()) as BlockId
    }

    /// Adds a block, made for [`next_block`](Self::next_block), and takes a chunk of it, which fits.
    pub(super) fn take_from_new(
        &mut self,
        block: Arc<Block>,
        length: usize,
        request: &Request,
    ) -> (ChunkId, Arc<Block>) {
        let index = self.next_block();
        let pool = request.pool;
        let first = self.chunks.add_block(index, length, &mut self.pools[pool].free);
        let entry = Some(BlockEntry { block, length, pool, first, live: 0 });
        match self.blocks.get_mut(index as usize) {
            Some(slot) => *slot = entry,
            None => self.blocks.push(entry),
        }
        self.counters.reserved += length as u64;
        self.counters.trimmable += length as u64;
        self.counters.peak_reserved = self.counters.peak_reserved.max(self.counters.reserved);
        self.counters.blocks_reserved += 1;
        self.counters.misses += 1;
        let id = self.carve(request).expect("a block is as long as what it is made for");
        self.hand_out(id, request)
    }

    /// Takes a chunk back. Blocks leave the pool if there is more free memory than may be.
    pub(super) fn release(&mut self, id: ChunkId, classes: &SizeClasses, maximum_cached: u64) -> Removed {
        let chunk = *self.chunks.get(id);
        let live = &mut self.live[id as usize];
        let (length, class) = (live.length, live.class);
        if !live.label.is_empty() {
            live.label = String::new();
        }
        live.origin = None;
        self.counters.released(length, chunk.size);
        self.class_mut(class).live -= 1;
        let entry = self.blocks[chunk.block as usize].as_mut().expect("a chunk's block is there");
        entry.live -= 1;
        let (pool, empty) = (entry.pool, entry.live == 0);
        if empty {
            self.counters.trimmable += entry.length as u64;
        }
        match class {
            Some(class) if !self.closed => {
                let list = &mut self.pools[pool].kept[class];
                let kept = list.len() as u64;
                if (kept + 1).saturating_mul(chunk.size as u64) <= classes.limits[class] {
                    self.chunks.mark(id, Use::Kept);
                    list.push(id);
                    self.classes[class].cached += 1;
                } else {
                    self.chunks.free(id, &mut self.pools[pool].free);
                }
            }
            _ => {
                self.chunks.free(id, &mut self.pools[pool].free);
            }
        }
        let maximum_cached = if self.closed { 0 } else { maximum_cached };
        if self.counters.cached() > maximum_cached && self.counters.trimmable > 0 {
            return self.trim(|counters| counters.cached() > maximum_cached);
        }
        Removed::new()
    }

    /// Merges all kept chunks of a pool with what is free.
    fn merge_kept(&mut self, pool: usize) {
        let Pool { free, kept } = &mut self.pools[pool];
        for (class, list) in kept.iter_mut().enumerate() {
            self.classes[class].cached -= list.len() as u64;
            for id in list.drain(..) {
                self.chunks.free(id, free);
            }
        }
    }

    /// Removes blocks without a buffer, the latest first, as long as there are any and more should go.
    pub(super) fn trim(&mut self, more: impl Fn(&Counters) -> bool) -> Removed {
        let mut removed = Removed::new();
        if self.counters.trimmable == 0 || !more(&self.counters) {
            return removed;
        }
        (0..POOLS).for_each(|pool| self.merge_kept(pool));
        for slot in self.blocks.iter_mut().rev() {
            if !more(&self.counters) {
                break;
            }
            let Some(entry) = slot.take_if(|entry| entry.live == 0) else { continue };
            self.chunks.remove_block(entry.first, &mut self.pools[entry.pool].free);
            self.counters.reserved -= entry.length as u64;
            self.counters.trimmable -= entry.length as u64;
            self.counters.blocks_returned += 1;
            removed.push(entry.block);
        }
        removed
    }

    /// From now on what comes back goes to the device, and so does what is free now.
    pub(super) fn close(&mut self) -> Removed {
        self.closed = true;
        self.trim(|_| true)
    }

    /// Where a chunk lies in its block.
    pub(super) fn offset(&self, id: ChunkId) -> usize {
        self.chunks.get(id).offset
    }

    pub(super) fn set_label(&mut self, id: ChunkId, label: &str) {
        if let Some(live) = self.live.get_mut(id as usize) {
            label.clone_into(&mut live.label);
        }
    }

    /// The numbers of the classes that were ever asked for.
    pub(super) fn class_stats(&self) -> Vec<ClassStats> {
        let mut classes = self.classes.clone();
        classes.rotate_right(1); // the class of size 0 comes first
        classes.retain(|class| class.allocations > 0);
        classes
    }

    /// Blocks, with their indices.
    pub(super) fn blocks(&self) -> impl Iterator<Item = (BlockId, &BlockEntry)> {
        (0..).zip(&self.blocks).filter_map(|(id, entry)| Some((id, entry.as_ref()?)))
    }

    /// The chunks of a block in order; with what is known of the buffers of live ones.
    pub(super) fn chunks_of(
        &self,
        entry: &BlockEntry,
    ) -> impl Iterator<Item = (usize, usize, Use, Option<&Live>)> {
        self.chunks.from(entry.first).map(|(id, chunk)| {
            let live = (chunk.usage == Use::Live).then(|| &self.live[id as usize]);
            (chunk.offset, chunk.size, chunk.usage, live)
        })
    }
}
