//! Blocks cut into chunks: finding, splitting and merging. Knows nothing of devices, locks or buffers.
//!
//! The chunks of a block follow one another without gaps, in a doubly linked list. Two free chunks never lie next to
//! each other: they are merged. A chunk that is *kept* is free memory set apart for its size class, and not merged.

use std::collections::BTreeSet;

/// Index of a block.
pub(super) type BlockId = u32;
/// Index of a chunk.
pub(super) type ChunkId = u32;

/// Ends a list of chunks.
const NONE: ChunkId = ChunkId::MAX;

/// What a chunk is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// Can be cut and merged.
    Free,
    /// Free, but set apart for its size class.
    Kept,
    /// A buffer's.
    Live,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Chunk {
    pub(super) block: BlockId,
    pub(super) offset: usize,
    pub(super) size: usize,
    pub(super) usage: Use,
    previous: ChunkId,
    next: ChunkId,
}

/// The chunks of all blocks.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    chunks: Vec<Chunk>,
    /// Unused entries of `chunks`.
    vacant: Vec<ChunkId>,
}

/// The free chunks that one pool may cut, by size, then by place: the best fit comes first, and among equals the one
/// that lies first, which leaves later blocks to become empty.
#[derive(Debug, Default)]
pub(super) struct FreeSet(BTreeSet<(usize, BlockId, usize, ChunkId)>);

impl FreeSet {
    fn key(id: ChunkId, chunk: &Chunk) -> (usize, BlockId, usize, ChunkId) {
        (chunk.size, chunk.block, chunk.offset, id)
    }

    fn insert(&mut self, id: ChunkId, chunk: &Chunk) {
        self.0.insert(Self::key(id, chunk));
    }

    fn remove(&mut self, id: ChunkId, chunk: &Chunk) {
        self.0.remove(&Self::key(id, chunk));
    }

    /// The smallest chunk of at least this size.
    fn best(&self, size: usize) -> Option<ChunkId> {
        self.0.range((size, 0, 0, 0)..).next().map(|(.., id)| *id)
    }
}

impl Chunks {
    pub(super) fn get(&self, id: ChunkId) -> &Chunk {
        &self.chunks[id as usize]
    }

    fn get_mut(&mut self, id: ChunkId) -> &mut Chunk {
        &mut self.chunks[id as usize]
    }

    fn add(&mut self, chunk: Chunk) -> ChunkId {
        match self.vacant.pop() {
            Some(id) => {
                *self.get_mut(id) = chunk;
                id
            }
            None => {
                self.chunks.push(chunk);
                (self.chunks.len() - 1) as ChunkId
            }
        }
    }

    /// Marks a chunk that is not in a free set.
    pub(super) fn mark(&mut self, id: ChunkId, usage: Use) {
        self.get_mut(id).usage = usage;
    }

    /// A free chunk that is a whole block. Its index stays that of the block's first chunk, however it is cut.
    pub(super) fn add_block(&mut self, block: BlockId, size: usize, free: &mut FreeSet) -> ChunkId {
        let chunk = Chunk { block, offset: 0, size, usage: Use::Free, previous: NONE, next: NONE };
        let id = self.add(chunk);
        free.insert(id, &chunk);
        id
    }

    /// Removes the one free chunk of a block that is wholly free.
    pub(super) fn remove_block(&mut self, id: ChunkId, free: &mut FreeSet) {
        free.remove(id, self.get(id));
        self.vacant.push(id);
    }

    /// Makes the best fit among free chunks a live one of this size; what is left of it stays free.
    pub(super) fn carve(&mut self, size: usize, free: &mut FreeSet) -> Option<ChunkId> {
        let id = free.best(size)?;
        let chunk = *self.get(id);
        free.remove(id, &chunk);
        if chunk.size > size {
            let rest = Chunk { offset: chunk.offset + size, size: chunk.size - size, previous: id, ..chunk };
            let rest_id = self.add(rest);
            free.insert(rest_id, &rest);
            if rest.next != NONE {
                self.get_mut(rest.next).previous = rest_id;
            }
            self.get_mut(id).next = rest_id;
            self.get_mut(id).size = size;
        }
        self.mark(id, Use::Live);
        Some(id)
    }

    /// Makes a chunk free and merges it with free neighbours; gives the merged chunk.
    pub(super) fn free(&mut self, id: ChunkId, free: &mut FreeSet) -> ChunkId {
        let Chunk { previous, next, .. } = *self.get(id);
        self.mark(id, Use::Free);
        if next != NONE && self.get(next).usage == Use::Free {
            free.remove(next, self.get(next));
            self.absorb(id, next);
        }
        let mut merged = id;
        if previous != NONE && self.get(previous).usage == Use::Free {
            free.remove(previous, self.get(previous));
            self.absorb(previous, id);
            merged = previous;
        }
        free.insert(merged, self.get(merged));
        merged
    }

    /// Adds a chunk's successor to it.
    fn absorb(&mut self, id: ChunkId, successor: ChunkId) {
        let Chunk { size, next, .. } = *self.get(successor);
        let chunk = self.get_mut(id);
        chunk.size += size;
        chunk.next = next;
        if next != NONE {
            self.get_mut(next).previous = id;
        }
        self.vacant.push(successor);
    }

    /// A chunk and those after it in its block.
    pub(super) fn from(&self, id: ChunkId) -> impl Iterator<Item = (ChunkId, &Chunk)> {
        let some = |id: ChunkId| (id != NONE).then_some(id);
        std::iter::successors(some(id), move |id| some(self.get(*id).next)).map(|id| (id, self.get(id)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_cut_and_merged() {
        let (mut chunks, mut free) = (Chunks::default(), FreeSet::default());
        let whole = chunks.add_block(0, 4096, &mut free);
        let taken: Vec<_> = [256, 512, 1024].map(|size| chunks.carve(size, &mut free).unwrap()).into();
        assert_eq!(taken.iter().map(|id| chunks.get(*id).offset).collect::<Vec<_>>(), [0, 256, 768]);
        assert_eq!(chunks.carve(4096, &mut free), None);
        // The hole of 512 fits best.
        chunks.free(taken[1], &mut free);
        let again = chunks.carve(512, &mut free).unwrap();
        assert_eq!(chunks.get(again).offset, 256);
        for id in [taken[0], taken[2], again] {
            chunks.free(id, &mut free);
        }
        let sizes: Vec<_> = chunks.from(whole).map(|(_, chunk)| (chunk.size, chunk.usage)).collect();
        assert_eq!(sizes, [(4096, Use::Free)]);
        assert_eq!(free.0.len(), 1);
        chunks.remove_block(whole, &mut free);
        assert_eq!(chunks.vacant.len(), chunks.chunks.len());
    }
}
