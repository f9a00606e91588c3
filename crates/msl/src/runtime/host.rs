//! The runtime's side of what generated code calls: faults, and memory for coroutines.

use std::ffi::c_void;
use std::sync::atomic::Ordering;

use super::code::{Code, Program, RunPart};
use super::context::{GroupContext, UNKNOWN_MEMORY};
use super::scratch::Frames;
use crate::{Access, Binding, FaultKind, KernelFault, Launch, MAX_BUFFERS, Memory};

/// An access that lies outside of the region that its pointer was made from, as generated code sees it.
pub(super) struct BadAccess {
    pub(super) site: u32,
    pub(super) tag: i32,
    pub(super) address: u64,
    /// Start and length of the region.
    pub(super) start: u64,
    pub(super) length: u64,
    /// Bytes accessed.
    pub(super) size: u64,
}

/// The runtime's side of a [`GroupContext`].
pub(super) struct Host<'a> {
    pub(super) program: &'a Program,
    /// The code that runs.
    pub(super) code: &'a Code,
    pub(super) launch: &'a Launch<'a>,
    pub(super) frames: &'a mut Frames,
    pub(super) threadgroup_memory: Binding,
    pub(super) fault: Option<Box<KernelFault>>,
}

impl Host<'_> {
    /// Reports an access, unless it may be done after all.
    pub(super) fn out_of_bounds(&mut self, access: &BadAccess, position: impl FnOnce() -> [u32; 3]) -> bool {
        let &BadAccess { site, tag, address, start, length, size } = access;
        let access = self.code.sites.get(site as usize).map_or(Access::ReadWrite, |s| s.access);
        if tag == UNKNOWN_MEMORY && self.is_bound(address, size, access) {
            return true;
        }
        let known = usize::try_from(tag).ok().and_then(|tag| self.code.memories.get(tag));
        let memory = known.map_or(Memory::Unknown, |k| k.memory.clone());
        let offset = address.wrapping_sub(start) as i64;
        let kind = match (access, known.map(|k| k.access)) {
            (Access::ReadWrite, Some(Access::ReadOnly)) => {
                FaultKind::WriteToReadOnly { memory, offset, size }
            }
            _ => FaultKind::OutOfBounds { memory, offset, size, length, access },
        };
        self.report(position, site, kind);
        false
    }

    /// Whether an access lies within something bound to the launch that may be so accessed.
    fn is_bound(&self, address: u64, size: u64, access: Access) -> bool {
        let within = |binding: &Binding| {
            let offset = address.wrapping_sub(binding.address as u64);
            size <= binding.length && offset <= binding.length - size
        };
        let buffer = |(i, binding): (usize, &Option<Binding>)| {
            let writable = self.program.writable_buffers >> i & 1 == 1;
            (access == Access::ReadOnly || writable) && binding.as_ref().is_some_and(within)
        };
        within(&self.threadgroup_memory)
            || self.launch.buffers.iter().take(MAX_BUFFERS).enumerate().any(buffer)
    }

    pub(super) fn unreachable(&mut self, site: u32, position: impl FnOnce() -> [u32; 3]) {
        self.report(position, site, FaultKind::Unreachable);
    }

    /// Keeps the first fault and stops the launch.
    fn report(&mut self, position: impl FnOnce() -> [u32; 3], site: u32, kind: FaultKind) {
        self.launch.stop.store(true, Ordering::Relaxed);
        if self.fault.is_some() {
            return;
        }
        self.fault = Some(Box::new(KernelFault {
            kernel: self.program.kernel.clone(),
            kind,
            thread_position_in_grid: Some(position()),
            location: self.code.sites.get(site as usize).and_then(|s| s.location.clone()),
        }));
    }

    /// The code for rows of which threads may be absent. If it cannot be had, that is a fault.
    pub(super) fn part(&mut self) -> Option<RunPart> {
        match self.code.part() {
            Ok(run) => Some(run),
            Err(error) => {
                self.launch.stop.store(true, Ordering::Relaxed);
                self.fault.get_or_insert_with(|| {
                    Box::new(KernelFault {
                        kernel: self.program.kernel.clone(),
                        kind: FaultKind::NotCompiled { message: error.to_string() },
                        thread_position_in_grid: None,
                        location: None,
                    })
                });
                None
            }
        }
    }

    pub(super) fn frame(&mut self, index: u32, size: u64) -> *mut c_void {
        self.frames.of(index as usize, size as usize).cast()
    }
}

impl GroupContext {
    /// The position in the grid of a thread of this threadgroup.
    pub(super) fn position_in_grid(&self, thread: u32) -> [u32; 3] {
        let [width, height, _] = self.threads_per_threadgroup.map(|n| n.max(1));
        let in_group = [thread % width, thread / width % height, thread / width / height];
        std::array::from_fn(|i| {
            self.threadgroup_position_in_grid[i] * self.dispatch_threads_per_threadgroup[i] + in_group[i]
        })
    }
}
