//! Runs units of a launch: prepares what generated code sees, and calls it.

use std::ops::Range;
use std::sync::atomic::Ordering;

use super::code::{Code, Entry, Gang, Groups, Program};
use super::context::GroupContext;
use super::cut::Cut;
use super::host::Host;
use super::scratch::Scratch;
use super::threads;
use crate::{Binding, KernelFault, Launch, MAX_BUFFERS, SIMD_WIDTH};

/// The code that a launch needs.
#[derive(Clone, Copy)]
pub(crate) struct Shapes<'a> {
    /// For all threadgroups of the launch that are [straight](is_straight), or a whole grid.
    pub(crate) straight: &'a Code,
    /// For the other threadgroups.
    pub(crate) general: &'a Code,
    /// For those that have all the threads of the launch's threadgroups, if there is other code for them.
    pub(crate) together: Option<&'a Code>,
}

/// Whether the threads of each SIMD-group follow each other along x, in a threadgroup of these extents.
pub(crate) fn is_straight([width, height, depth]: [u32; 3]) -> bool {
    width % SIMD_WIDTH == 0 || (height == 1 && depth == 1)
}

impl Code {
    /// Whether it can run all threadgroups of a launch that are [straight](is_straight).
    pub(crate) fn is_for_straight(&self, launch: &Launch<'_>) -> bool {
        let has_part =
            |extents: [u32; 3]| is_straight(extents) && extents.iter().product::<u32>() % SIMD_WIDTH != 0;
        self.groups != Groups::Whole || !has_threadgroups(launch, has_part)
    }

    /// Whether it can run all those that are not.
    pub(crate) fn is_for_others(&self, launch: &Launch<'_>) -> bool {
        self.is_for_any_threadgroup() || !has_threadgroups(launch, |extents| !is_straight(extents))
    }

    /// Whether it can run threadgroups of all shapes.
    pub(crate) fn is_for_any_threadgroup(&self) -> bool {
        self.groups == Groups::Any
    }

    /// Whether a launch has rows of which threads are absent, for which there is a [part](super::PART). Others may turn out to
    /// need it as they run.
    pub(crate) fn needs_part(&self, launch: &Launch<'_>) -> bool {
        self.has_part()
            && match self.entry {
                Entry::Grid { step: [width, height], .. } => {
                    let [x, y, _] = launch.threads_per_grid;
                    x % width != 0 || y % height != 0
                }
                _ => has_threadgroups(launch, |extents| extents.iter().product::<u32>() % SIMD_WIDTH != 0),
            }
    }

    /// Whether it does not know of threadgroups.
    pub(super) fn is_for_grid(&self) -> bool {
        matches!(self.entry, Entry::Grid { .. })
    }

    /// The SIMD-groups of a launch's threadgroups, if these are better run by other code, which runs them together.
    pub(crate) fn gang(&self, launch: &Launch<'_>) -> Option<Gang> {
        Gang::of(launch.threads_per_threadgroup).filter(|gang| gang.simdgroups <= self.most_together)
    }

    /// The number of units that a launch has.
    pub(crate) fn units(&self, launch: &Launch<'_>) -> u64 {
        match self.entry {
            Entry::Grid { step, .. } => Cut::new(launch.threads_per_grid, step).units(),
            _ => launch.threadgroups_per_grid().iter().fold(1, |n, count| n.saturating_mul((*count).into())),
        }
    }
}

/// Threadgroups of a launch that have all their threads.
pub(crate) fn whole_threadgroups(launch: &Launch<'_>) -> u64 {
    let sizes = launch.threads_per_grid.iter().zip(launch.threads_per_threadgroup);
    sizes.fold(1, |n, (threads, group)| n.saturating_mul((threads / group.max(1)).into()))
}

/// Whether the launch has threadgroups of such extents.
fn has_threadgroups(launch: &Launch<'_>, such: impl Fn([u32; 3]) -> bool) -> bool {
    // A full one and a partial one at the end, along each axis.
    let extents: [[u32; 2]; 3] = std::array::from_fn(|i| {
        let (threads, group) = (launch.threads_per_grid[i], launch.threads_per_threadgroup[i].max(1));
        let rest = threads % group;
        [if threads < group { rest } else { group }, if rest == 0 { group } else { rest }]
    });
    let all = |axis: usize| extents[axis].into_iter();
    all(0).any(|x| all(1).any(|y| all(2).any(|z| such([x, y, z]))))
}

/// Runs these units.
///
/// # Safety
///
/// As [`Kernel::run`](crate::Kernel::run).
pub(crate) unsafe fn run(
    program: &Program,
    shapes: Shapes<'_>,
    launch: &Launch<'_>,
    units: Range<u64>,
    scratch: &mut Scratch,
) -> Result<(), Box<KernelFault>> {
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
    let memory = scratch.threadgroup_memory(total);
    let threadgroup_arguments: [Binding; MAX_BUFFERS] = std::array::from_fn(|i| Binding {
        address: memory.wrapping_add(offsets[i]),
        length: launch.threadgroup_memory.get(i).copied().unwrap_or(0).into(),
    });
    let waits = |code: &Code| matches!(code.entry, Entry::Threads { .. } | Entry::Simdgroups(_));
    let threads = launch.threads_per_threadgroup.iter().product::<u32>() as usize;
    let waiting = if waits(shapes.straight) || waits(shapes.general) { threads } else { 0 };
    let parked = scratch.parked(waiting);

    let mut host = Host {
        program,
        code: shapes.straight,
        launch,
        frames: &mut scratch.frames,
        threadgroup_memory: Binding { address: memory, length: total as u64 },
        fault: None,
    };
    // From here on the host is reached through this pointer only.
    let host: *mut Host<'_> = &mut host;
    let mut context = GroupContext {
        buffers: buffers.as_ptr(),
        threadgroup_memory: memory,
        threadgroup_arguments: threadgroup_arguments.as_ptr(),
        stop: launch.stop,
        parked,
        host: host.cast(),
        threads_per_grid: launch.threads_per_grid,
        threadgroups_per_grid: launch.threadgroups_per_grid(),
        threadgroup_position_in_grid: [0; 3],
        threads_per_threadgroup: launch.threads_per_threadgroup,
        dispatch_threads_per_threadgroup: launch.threads_per_threadgroup,
    };
    let stopped = || launch.stop.load(Ordering::Relaxed);
    if let Entry::Grid { rows, step } = shapes.straight.entry {
        'parts: for part in Cut::new(launch.threads_per_grid, step).parts(units) {
            let [x, y, z] = std::array::from_fn(|i| part.start[i]..part.end[i]);
            for plane in z {
                if stopped() {
                    break 'parts;
                }
                // SAFETY: the code was generated for this context, its accesses stay within the bindings, and
                // those are valid by the caller's promise.
                unsafe { rows(&context, x.start, x.end, y.start, y.end, plane) };
            }
        }
        wait_for_streams();
        // SAFETY: generated code has returned; nothing else uses the host.
        return unsafe { (*host).fault.take() }.map_or(Ok(()), Err);
    }
    let mut position = Position::new(units.start, context.threadgroups_per_grid);
    for _ in units {
        if stopped() {
            break;
        }
        let threads: [u32; 3] = std::array::from_fn(|i| {
            let size = launch.threads_per_threadgroup[i];
            let before = u64::from(position.at[i]) * u64::from(size);
            u64::from(launch.threads_per_grid[i]).saturating_sub(before).min(u64::from(size)) as u32
        });
        let count = threads.iter().product::<u32>();
        if total > 0 {
            // SAFETY: `memory` has at least `total` bytes. Zeroed so that no kernel reads what another left.
            unsafe { std::ptr::write_bytes(memory, 0, total) };
        }
        context.threadgroup_position_in_grid = position.at;
        context.threads_per_threadgroup = threads;
        let code = match shapes.together {
            Some(together) if threads == launch.threads_per_threadgroup => together,
            _ if is_straight(threads) => shapes.straight,
            _ => shapes.general,
        };
        // SAFETY: generated code is not running; nothing else uses the host. The code was generated for this
        // context, its accesses stay within the bindings, and those are valid by the caller's promise; `parked`
        // has an entry for each thread.
        unsafe {
            (*host).code = code;
            match code.entry {
                Entry::Threadgroup(run) | Entry::Simdgroups(run) => run(&context),
                Entry::Threads { start, resume } => threads::run(&context, count, start, resume),
                Entry::Grid { .. } => unreachable!("code for a grid is for all threadgroups"),
            }
            if let Some(fault) = (*host).fault.take() {
                wait_for_streams();
                return Err(fault);
            }
        }
        position.advance();
    }
    wait_for_streams();
    Ok(())
}

/// Orders stores past the caches before all that this thread does next, such as telling others that it is done.
fn wait_for_streams() {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: SSE is part of x86-64.
    unsafe {
        std::arch::x86_64::_mm_sfence();
    }
}

/// The position of a threadgroup in the grid.
struct Position {
    at: [u32; 3],
    counts: [u32; 3],
}

impl Position {
    /// Of the threadgroup with this linear index, x fastest.
    fn new(index: u64, counts: [u32; 3]) -> Self {
        let [width, height, _] = counts.map(|n| u64::from(n.max(1)));
        Self { at: [index % width, index / width % height, index / width / height].map(|n| n as u32), counts }
    }

    /// To the next.
    fn advance(&mut self) {
        for axis in 0..3 {
            self.at[axis] += 1;
            if self.at[axis] < self.counts[axis] || axis == 2 {
                return;
            }
            self.at[axis] = 0;
        }
    }
}
