//! Runs threadgroups: prepares what generated code sees, and schedules threads that wait for each other.

use std::ffi::c_void;
use std::ops::Range;
use std::sync::atomic::Ordering;

use super::collectives::Collective;
use super::context::{GroupContext, KEY_WORDS, KnownMemory, Parked, ParkedOperation, Site, UNKNOWN_MEMORY};
use crate::{Access, Binding, FaultKind, KernelFault, Launch, MAX_BUFFERS, Memory, SIMD_WIDTH};

/// How to start generated code.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Entry {
    /// Threads never wait for each other: one call runs all threads of a threadgroup.
    Threadgroup(unsafe extern "C" fn(*const GroupContext)),
    /// Each thread is a coroutine that parks where it waits.
    Threads {
        /// Starts a thread (index in threadgroup, then its position) and runs it until it parks.
        start: unsafe extern "C" fn(*const GroupContext, u32, u32, u32, u32),
        /// Runs a parked thread on until it parks again.
        resume: unsafe extern "C" fn(*mut c_void),
    },
}

/// What running a kernel needs beside its code.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) kernel: String,
    pub(crate) entry: Entry,
    pub(crate) sites: Vec<Site>,
    /// The memories that pointers come from, by tag.
    pub(crate) memories: Vec<KnownMemory>,
    /// Bit n is set where the kernel may write to buffer n.
    pub(crate) writable_buffers: u32,
    /// Bytes of threadgroup memory that the kernel declares itself.
    pub(crate) static_threadgroup_memory: usize,
}

/// Memory that a worker thread keeps between calls of [`Kernel::run`](crate::Kernel::run).
#[derive(Default)]
pub struct Scratch {
    threadgroup_memory: Vec<Line>,
    parked: Vec<Parked>,
    /// Coroutine frames by thread index.
    frames: Vec<Vec<Line>>,
}

// SAFETY: the pointers in `parked` lead into the frames beside it and are used only during a run.
unsafe impl Send for Scratch {}

impl std::fmt::Debug for Scratch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scratch")
    }
}

/// A unit of memory with the alignment that any MSL type or coroutine frame may ask for.
#[repr(C, align(64))]
#[derive(Clone, Copy, Default)]
struct Line([u64; 8]);

const NOT_PARKED: Parked = Parked {
    handle: std::ptr::null_mut(),
    operation: ParkedOperation::DONE,
    lane: 0,
    value: 0,
    result: 0,
    key: [0; KEY_WORDS],
};

/// The runtime's side of a [`GroupContext`].
pub(super) struct Host<'a> {
    program: &'a Program,
    launch: &'a Launch<'a>,
    frames: &'a mut Vec<Vec<Line>>,
    threadgroup_memory: Binding,
    fault: Option<Box<KernelFault>>,
}

impl Host<'_> {
    #[allow(clippy::too_many_arguments, reason = "generated code passes plain numbers")]
    pub(super) fn out_of_bounds(
        &mut self,
        context: &GroupContext,
        thread: u32,
        site: u32,
        tag: i32,
        address: u64,
        start: u64,
        length: u64,
        size: u64,
    ) -> bool {
        let access = self.program.sites.get(site as usize).map_or(Access::ReadWrite, |s| s.access);
        if tag == UNKNOWN_MEMORY && self.is_bound(address, size, access) {
            return true;
        }
        let known = usize::try_from(tag).ok().and_then(|tag| self.program.memories.get(tag));
        let memory = known.map_or(Memory::Unknown, |k| k.memory.clone());
        let offset = address.wrapping_sub(start) as i64;
        let kind = match (access, known.map(|k| k.access)) {
            (Access::ReadWrite, Some(Access::ReadOnly)) => {
                FaultKind::WriteToReadOnly { memory, offset, size }
            }
            _ => FaultKind::OutOfBounds { memory, offset, size, length, access },
        };
        self.report(context, thread, site, kind);
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

    pub(super) fn unreachable(&mut self, context: &GroupContext, thread: u32, site: u32) {
        self.report(context, thread, site, FaultKind::Unreachable);
    }

    /// Keeps the first fault and stops the launch.
    fn report(&mut self, context: &GroupContext, thread: u32, site: u32, kind: FaultKind) {
        self.launch.stop.store(true, Ordering::Relaxed);
        if self.fault.is_some() {
            return;
        }
        let [width, height, _] = context.threads_per_threadgroup.map(|n| n.max(1));
        let in_group = [thread % width, thread / width % height, thread / width / height];
        let position = std::array::from_fn(|i| {
            context.threadgroup_position_in_grid[i] * context.dispatch_threads_per_threadgroup[i]
                + in_group[i]
        });
        self.fault = Some(Box::new(KernelFault {
            kernel: self.program.kernel.clone(),
            kind,
            thread_position_in_grid: Some(position),
            location: self.program.sites.get(site as usize).and_then(|s| s.location.clone()),
        }));
    }

    pub(super) fn frame(&mut self, thread: u32, size: u64) -> *mut c_void {
        let thread = thread as usize;
        if self.frames.len() <= thread {
            self.frames.resize_with(thread + 1, Vec::new);
        }
        let lines = (size as usize).div_ceil(size_of::<Line>());
        let frame = &mut self.frames[thread];
        if frame.len() < lines {
            frame.resize(lines, Line::default());
        }
        frame.as_mut_ptr().cast()
    }
}

/// Runs the threadgroups with these linear indices.
///
/// # Safety
///
/// As [`Kernel::run`](crate::Kernel::run).
pub(crate) unsafe fn run(
    program: &Program,
    launch: &Launch<'_>,
    groups: Range<u64>,
    scratch: &mut Scratch,
) -> Result<(), Box<KernelFault>> {
    let groups_per_grid = launch.threadgroups_per_grid();
    let buffers: [Binding; MAX_BUFFERS] = std::array::from_fn(|i| {
        let none = Binding { address: std::ptr::null_mut(), length: 0 };
        launch.buffers.get(i).copied().flatten().unwrap_or(none)
    });

    // The kernel's own variables, then the arguments, 16-byte aligned each.
    let mut total = program.static_threadgroup_memory.next_multiple_of(16);
    let offsets: [usize; MAX_BUFFERS] = std::array::from_fn(|i| {
        let length = launch.threadgroup_memory.get(i).copied().unwrap_or(0) as usize;
        let offset = total;
        total += length.next_multiple_of(16);
        offset
    });
    scratch.threadgroup_memory.resize(total.div_ceil(size_of::<Line>()), Line::default());
    let memory: *mut u8 = scratch.threadgroup_memory.as_mut_ptr().cast();
    let threadgroup_arguments: [Binding; MAX_BUFFERS] = std::array::from_fn(|i| Binding {
        address: memory.wrapping_add(offsets[i]),
        length: launch.threadgroup_memory.get(i).copied().unwrap_or(0).into(),
    });

    let mut host = Host {
        program,
        launch,
        frames: &mut scratch.frames,
        threadgroup_memory: Binding { address: memory, length: total as u64 },
        fault: None,
    };
    // From here on the host is reached through this pointer only.
    let host: *mut Host<'_> = &mut host;
    for group in groups {
        if launch.stop.load(Ordering::Relaxed) {
            break;
        }
        let [width, height, _] = groups_per_grid.map(|n| u64::from(n.max(1)));
        let position = [group % width, group / width % height, group / width / height].map(|n| n as u32);
        let threads: [u32; 3] = std::array::from_fn(|i| {
            let size = launch.threads_per_threadgroup[i];
            let before = u64::from(position[i]) * u64::from(size);
            u64::from(launch.threads_per_grid[i]).saturating_sub(before).min(u64::from(size)) as u32
        });
        let count = threads.iter().product::<u32>() as usize;
        if total > 0 {
            // SAFETY: `memory` has at least `total` bytes. Zeroed so that no kernel reads what another left.
            unsafe { std::ptr::write_bytes(memory, 0, total) };
        }
        if matches!(program.entry, Entry::Threads { .. }) {
            scratch.parked.clear();
            scratch.parked.resize(count, NOT_PARKED);
        }
        let context = GroupContext {
            buffers: buffers.as_ptr(),
            threadgroup_memory: memory,
            threadgroup_arguments: threadgroup_arguments.as_ptr(),
            stop: launch.stop,
            parked: scratch.parked.as_mut_ptr(),
            host: host.cast(),
            threads_per_grid: launch.threads_per_grid,
            threadgroups_per_grid: groups_per_grid,
            threadgroup_position_in_grid: position,
            threads_per_threadgroup: threads,
            dispatch_threads_per_threadgroup: launch.threads_per_threadgroup,
        };
        match program.entry {
            // SAFETY: the code was generated for this context, its accesses are checked against the
            // bindings, and those are valid by the caller's promise.
            Entry::Threadgroup(run) => unsafe { run(&context) },
            // SAFETY: as above; `parked` has one entry per thread.
            Entry::Threads { start, resume } => unsafe { run_threads(&context, count, start, resume) },
        }
        // SAFETY: generated code has returned; nothing else uses the host.
        if let Some(fault) = unsafe { (*host).fault.take() } {
            return Err(fault);
        }
    }
    Ok(())
}

/// Runs the threads of one threadgroup until all have ended.
///
/// Threads of a SIMD-group that wait for each other are those parked at the same place with the same loop
/// iterations. Of several such sets, the one that comes first in the order of execution goes on, so that
/// threads that took another branch catch up and join again.
///
/// # Safety
///
/// The functions were generated for this context, whose `parked` has `count` entries.
unsafe fn run_threads(
    context: &GroupContext,
    count: usize,
    start: unsafe extern "C" fn(*const GroupContext, u32, u32, u32, u32),
    resume: unsafe extern "C" fn(*mut c_void),
) {
    // SAFETY: the caller's promise. Entries are read and written between calls of generated code only.
    let parked = |thread: usize| unsafe { &mut *context.parked.add(thread) };
    let stopped = || {
        // SAFETY: points to the launch's flag.
        unsafe { (*context.stop).load(Ordering::Relaxed) }
    };
    let [width, height, _] = context.threads_per_threadgroup.map(|n| n.max(1));
    for thread in 0..count as u32 {
        // SAFETY: the caller's promise.
        unsafe { start(context, thread, thread % width, thread / width % height, thread / width / height) };
    }
    let lanes_of = |first: usize| first..(first + SIMD_WIDTH as usize).min(count);
    loop {
        for first in (0..count).step_by(SIMD_WIDTH as usize) {
            loop {
                if stopped() {
                    return;
                }
                let collective =
                    lanes_of(first).filter(|t| parked(*t).operation > ParkedOperation::THREADGROUP_BARRIER);
                let Some(leader) = collective.min_by_key(|t| parked(*t).key) else { break };
                let (operation, key) = (parked(leader).operation, parked(leader).key);
                let mut active = 0u32;
                let mut values = [None; 32];
                for thread in lanes_of(first) {
                    let entry = parked(thread);
                    if entry.operation == operation && entry.key == key {
                        active |= 1 << (thread - first);
                        values[thread - first] = Some(entry.value);
                    }
                }
                let mut results = [0; 32];
                match operation {
                    ParkedOperation::BALLOT => {
                        let ballot =
                            (0..32).filter(|i| values[*i].is_some_and(|v| v != 0)).map(|i| 1u64 << i).sum();
                        results.fill(ballot);
                    }
                    ParkedOperation::SHUFFLE => {
                        for lane in (0..32).filter(|i| active >> i & 1 == 1) {
                            let source = parked(first + lane).lane as usize;
                            results[lane] = values.get(source).copied().flatten().unwrap_or(0);
                        }
                    }
                    number => {
                        if let Some(collective) = Collective::from_number(number) {
                            collective.apply(&values, &mut results);
                        }
                    }
                }
                for lane in (0..32usize).filter(|i| active >> i & 1 == 1) {
                    let entry = parked(first + lane);
                    entry.result = results[lane];
                    let handle = entry.handle;
                    // SAFETY: a suspended coroutine of this threadgroup.
                    unsafe { resume(handle) };
                }
            }
        }
        // Everyone left waits at a threadgroup barrier.
        let mut any = false;
        for thread in 0..count {
            let entry = parked(thread);
            if entry.operation == ParkedOperation::THREADGROUP_BARRIER {
                any = true;
                let handle = entry.handle;
                // SAFETY: a suspended coroutine of this threadgroup.
                unsafe { resume(handle) };
            }
        }
        if !any || stopped() {
            return;
        }
    }
}
