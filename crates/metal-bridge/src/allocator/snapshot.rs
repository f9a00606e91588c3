//! What an allocator's memory looks like at one moment.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Shared;
use super::chunks::Use;
use super::picture;
use super::pool::pool_kind;
use super::stats::MemoryStats;
use crate::error::{Error, Result};

/// An allocator's blocks and live buffers at one moment; made by
/// [`BufferAllocator::snapshot`](super::BufferAllocator::snapshot).
///
/// It is displayed as a table, drawn as a picture, and goes to and from JSON; the command `metal-bridge memory` shows
/// files of the latter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Snapshot {
    /// The device's name.
    pub device: String,
    /// The numbers.
    pub stats: MemoryStats,
    /// The blocks.
    pub blocks: Vec<BlockSnapshot>,
}

/// Memory reserved from the device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BlockSnapshot {
    /// Distinguishes the blocks of a snapshot.
    pub id: u32,
    /// The storage mode: `shared`, `managed` or `private`.
    pub storage_mode: String,
    /// Whether small requests share it.
    pub small: bool,
    /// Its length in bytes.
    pub length: usize,
    /// What lies in it, without gaps.
    pub chunks: Vec<ChunkSnapshot>,
}

/// A part of a block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ChunkSnapshot {
    /// Where it begins in its block, in bytes.
    pub offset: usize,
    /// Its size in bytes.
    pub size: usize,
    /// What it is there for.
    pub usage: ChunkUse,
}

/// What a part of a block is there for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ChunkUse {
    /// Free.
    Free,
    /// Free, and kept for the next request of its size class.
    Kept,
    /// A live buffer's.
    Live(BufferSnapshot),
}

/// A live buffer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BufferSnapshot {
    /// Its length in bytes.
    pub length: usize,
    /// The allocator's allocations are numbered from 1.
    pub number: u64,
    /// Its label; empty if none was set.
    pub label: String,
    /// Where it was allocated, if the allocator notes that.
    pub origin: Option<String>,
}

impl Shared {
    pub(super) fn snapshot(&self) -> Snapshot {
        let state = self.lock();
        let mut origins = Vec::new();
        let blocks = state
            .blocks()
            .map(|(id, entry)| {
                let (mode, small) = pool_kind(entry.pool);
                let chunks = state.chunks_of(entry).map(|(offset, size, usage, live)| {
                    let usage = match (usage, live) {
                        (Use::Live, Some(live)) => {
                            origins.push(live.origin.clone());
                            ChunkUse::Live(BufferSnapshot {
                                length: live.length,
                                number: live.number,
                                label: live.label.clone(),
                                origin: None,
                            })
                        }
                        (Use::Kept, _) => ChunkUse::Kept,
                        _ => ChunkUse::Free,
                    };
                    ChunkSnapshot { offset, size, usage }
                });
                let (storage_mode, length) = (format!("{mode:?}").to_lowercase(), entry.length);
                BlockSnapshot { id, storage_mode, small, length, chunks: chunks.collect() }
            })
            .collect();
        let stats = state.counters.stats(state.class_stats());
        drop(state);
        let mut snapshot = Snapshot { device: self.device.name().to_owned(), stats, blocks };
        // Finding the names of functions takes long: without the lock.
        for (buffer, origin) in snapshot.buffers_mut().zip(origins) {
            buffer.origin = origin.map(|backtrace| backtrace.to_string());
        }
        snapshot
    }
}

impl Snapshot {
    /// The live buffers, in the order of blocks and offsets.
    pub fn buffers(&self) -> impl Iterator<Item = &BufferSnapshot> {
        self.blocks.iter().flat_map(|block| &block.chunks).filter_map(|chunk| match &chunk.usage {
            ChunkUse::Live(buffer) => Some(buffer),
            ChunkUse::Free | ChunkUse::Kept => None,
        })
    }

    fn buffers_mut(&mut self) -> impl Iterator<Item = &mut BufferSnapshot> {
        self.blocks.iter_mut().flat_map(|block| &mut block.chunks).filter_map(|chunk| {
            match &mut chunk.usage {
                ChunkUse::Live(buffer) => Some(buffer),
                ChunkUse::Free | ChunkUse::Kept => None,
            }
        })
    }

    /// As JSON, for files.
    ///
    /// # Errors
    ///
    /// None that is known; [`Error::InvalidSnapshot`] if it cannot be written nevertheless.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|error| Error::InvalidSnapshot { message: error.to_string() })
    }

    /// From JSON that [`to_json`](Self::to_json) has made.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidSnapshot`] if it is something else, or if a chunk is not within its block.
    pub fn from_json(text: &str) -> Result<Self> {
        let invalid = |message: String| Error::InvalidSnapshot { message };
        let snapshot: Self = serde_json::from_str(text).map_err(|error| invalid(error.to_string()))?;
        for block in &snapshot.blocks {
            let mut end = 0;
            for chunk in &block.chunks {
                let next =
                    (chunk.offset == end && chunk.size > 0).then(|| end.checked_add(chunk.size)).flatten();
                end = next.filter(|next| *next <= block.length).ok_or_else(|| {
                    let (offset, id) = (chunk.offset, block.id);
                    invalid(format!(
                        "the chunk at byte {offset} of block {id} does not follow the one before it"
                    ))
                })?;
            }
            if end != block.length {
                return Err(invalid(format!("the chunks of block {} are not all of it", block.id)));
            }
        }
        let MemoryStats {
            num_allocations,
            num_deallocations,
            total_free,
            trimmable,
            active,
            used_memory,
            ..
        } = snapshot.stats;
        if num_deallocations > num_allocations || trimmable > total_free || used_memory > active {
            return Err(invalid("its numbers contradict each other".into()));
        }
        Ok(snapshot)
    }

    /// A picture in SVG: a row for each block, with its buffers in colour; their labels show under the pointer.
    pub fn to_svg(&self) -> String {
        picture::draw(self)
    }
}

/// A table.
impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stats = &self.stats;
        let plural = |count: u64| if count == 1 { "" } else { "s" };
        writeln!(f, "{}", self.device)?;
        writeln!(
            f,
            "{} live buffer{}, {} used of {} reserved (at most {} of {}), {} free",
            stats.live(),
            plural(stats.live()),
            Bytes(stats.used_memory),
            Bytes(stats.total_memory),
            Bytes(stats.peak_used),
            Bytes(stats.peak_total),
            Bytes(stats.total_free),
        )?;
        writeln!(
            f,
            "{} allocation{}, {} from the pool; fragmentation {:.1} %, rounding {:.1} %",
            stats.num_allocations,
            plural(stats.num_allocations),
            stats.num_pool_hits,
            100.0 * stats.fragmentation(),
            100.0 * stats.internal_fragmentation(),
        )?;
        for block in &self.blocks {
            let kind = if block.small { "small" } else { "large" };
            let length = Bytes(block.length as u64);
            writeln!(f, "\nblock {}: {length}, {}, for {kind} requests", block.id, block.storage_mode)?;
            writeln!(f, "{:>14} {:>14} {:>14}  buffer", "offset", "size", "length")?;
            for chunk in &block.chunks {
                write!(f, "{:>14} {:>14} ", chunk.offset, chunk.size)?;
                match &chunk.usage {
                    ChunkUse::Free => writeln!(f, "{:>14}  (free)", "")?,
                    ChunkUse::Kept => writeln!(f, "{:>14}  (kept)", "")?,
                    ChunkUse::Live(buffer) => {
                        writeln!(f, "{:>14}  {} {}", buffer.length, buffer.number, printable(&buffer.label))?;
                        for line in buffer.origin.iter().flat_map(|origin| origin.lines()) {
                            writeln!(f, "{:>46}{line}", "")?;
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

/// Labels are the program's: nothing in them may steer a terminal.
fn printable(label: &str) -> String {
    label.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// Bytes for people.
pub(super) struct Bytes(pub(super) u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 5] = ["bytes", "KiB", "MiB", "GiB", "TiB"];
        let mut value = self.0 as f64;
        let mut unit = 0;
        while value >= 1024.0 && unit + 1 < UNITS.len() {
            value /= 1024.0;
            unit += 1;
        }
        let decimals = usize::from(unit > 0);
        write!(f, "{value:.decimals$} {}", UNITS[unit])
    }
}
