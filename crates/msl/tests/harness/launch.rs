//! Running a kernel on memory that is watched, in each of the ways there are.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use msl::{Binding, Kernel, KernelFault, Launch, MAX_BUFFERS, Scratch};

use super::header::{Index, Run};
use super::values::{self, Expected};

/// How long a run may take before it is stopped and counts as failed.
pub(crate) const TIME_LIMIT: Duration = Duration::from_secs(20);
/// How long an endless kernel runs before it is stopped.
const ENDLESS_FOR: Duration = Duration::from_millis(100);
/// How long a launch may go on after it was told to stop.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// A way to run a kernel. All of them must give what the file expects.
pub(crate) struct Way {
    pub(crate) name: &'static str,
    pub(crate) code: Code,
    /// Number of worker threads that share the work.
    workers: u64,
}

/// Which of a kernel's code runs.
pub(crate) enum Code {
    Scalar,
    Vector,
    /// For threadgroups of any shape, where that is other code.
    General,
    /// Of which SIMD-groups run together, where that is other code.
    Together,
}

pub(crate) const WAYS: &[Way] = &[
    Way { name: "scalar code", code: Code::Scalar, workers: 1 },
    Way { name: "one worker", code: Code::Vector, workers: 1 },
    Way { name: "three workers", code: Code::Vector, workers: 3 },
    Way { name: "code for any threadgroup", code: Code::General, workers: 1 },
    Way { name: "SIMD-groups together", code: Code::Together, workers: 1 },
];

/// A dispatch as the header describes it.
pub(crate) struct Job {
    /// Initial content by buffer index.
    buffers: BTreeMap<usize, Vec<u8>>,
    threadgroup_memory: Vec<u32>,
    threads_per_grid: [u32; 3],
    threads_per_threadgroup: [u32; 3],
    endless: bool,
}

/// What became of a run.
pub(crate) struct Outcome {
    pub(crate) ending: Ending,
    buffers: BTreeMap<usize, Vec<u8>>,
}

pub(crate) enum Ending {
    Finished,
    Fault(String),
    /// It was still running and was told to stop.
    Stopped,
}

impl Job {
    pub(crate) fn new(run: &Run) -> Result<Self, String> {
        let group = run.group.map_or([1, 1, 1], |s| s.0);
        let grid = match (run.grid, run.threadgroups) {
            (Some(_), Some(_)) => return Err("give `grid` (threads) or `threadgroups`, not both".into()),
            (Some(grid), None) => grid.0,
            (None, Some(groups)) => std::array::from_fn(|i| groups.0[i] * group[i]),
            (None, None) => group,
        };
        let mut buffers = BTreeMap::new();
        for (index, spec) in &run.out {
            let expected = Expected::parse(spec).map_err(|e| format!("out.{index}: {e}"))?;
            buffers.insert(index.0, vec![0; expected.size()]);
        }
        for (index, spec) in &run.zero {
            buffers.insert(index.0, vec![0; zeros(spec).ok_or(format!("zero.{index}: write `TYPE COUNT`"))?]);
        }
        for (index, spec) in run.input.iter().chain(&run.bytes) {
            buffers.insert(index.0, values::parse(spec).map_err(|e| format!("in.{index}: {e}"))?);
        }
        let slots = run.threadgroup.keys().last().map_or(0, |last| last.0 + 1);
        let mut threadgroup_memory = vec![0; slots];
        for (index, bytes) in &run.threadgroup {
            threadgroup_memory[index.0] = *bytes;
        }
        Ok(Self {
            buffers,
            threadgroup_memory,
            threads_per_grid: grid,
            threads_per_threadgroup: group,
            endless: run.endless,
        })
    }
}

/// Bytes of `TYPE COUNT`.
fn zeros(spec: &str) -> Option<usize> {
    let (name, count) = spec.split_once(' ')?;
    Some(values::scalar_type(name)?.size() * count.trim().parse::<usize>().ok()?)
}

impl Outcome {
    pub(crate) fn buffer(&self, index: Index) -> Result<&[u8], String> {
        self.buffers.get(&index.0).map(Vec::as_slice).ok_or_else(|| format!("buffer {index} was not bound"))
    }
}

/// Runs the whole job.
pub(crate) fn execute(way: &Way, kernel: &Kernel, job: &Job) -> Result<Outcome, String> {
    let launch = Arc::new(Owned {
        kernel: kernel.clone(),
        memory: job.buffers.iter().map(|(index, bytes)| (*index, Watched::new(bytes))).collect(),
        threadgroup_memory: job.threadgroup_memory.clone(),
        threads_per_grid: job.threads_per_grid,
        threads_per_threadgroup: job.threads_per_threadgroup,
        stop: AtomicBool::new(false),
        next: AtomicU64::new(0),
    });
    let (sender, results) = mpsc::channel();
    for _ in 0..way.workers {
        let (launch, sender) = (Arc::clone(&launch), sender.clone());
        std::thread::spawn(move || drop(sender.send(launch.work())));
    }
    drop(sender);
    let mut ending = Ending::Finished;
    let mut limit = if job.endless { ENDLESS_FOR } else { TIME_LIMIT };
    let mut left = way.workers;
    while left > 0 {
        match results.recv_timeout(limit) {
            Ok(result) => {
                left -= 1;
                if let Err(fault) = result {
                    ending = Ending::Fault(fault.to_string());
                    launch.stop.store(true, Ordering::Relaxed);
                }
            }
            Err(mpsc::RecvTimeoutError::Timeout) if launch.stop.swap(true, Ordering::Relaxed) => {
                return Err(format!("did not stop within {STOP_LIMIT:?}"));
            }
            Err(mpsc::RecvTimeoutError::Timeout) => {
                ending = Ending::Stopped;
                limit = STOP_LIMIT;
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => return Err("a worker panicked".into()),
        }
    }
    // Every worker has sent its result, but may still be about to drop its handle; none runs the kernel any more.
    let buffers = launch
        .memory
        .iter()
        .map(|(index, memory)| {
            memory.content().map(|c| (*index, c)).map_err(|e| format!("buffer {index}: {e}"))
        })
        .collect::<Result<_, _>>()?;
    Ok(Outcome { ending, buffers })
}

/// A launch that workers share.
struct Owned {
    kernel: Kernel,
    memory: BTreeMap<usize, Watched>,
    threadgroup_memory: Vec<u32>,
    threads_per_grid: [u32; 3],
    threads_per_threadgroup: [u32; 3],
    stop: AtomicBool,
    /// The next unit that nobody has taken.
    next: AtomicU64,
}

impl Owned {
    /// Runs units until none is left.
    fn work(&self) -> Result<(), Box<KernelFault>> {
        let mut buffers = vec![None; MAX_BUFFERS];
        for (index, memory) in &self.memory {
            buffers[*index] = Some(Binding { address: memory.address(), length: memory.length as u64 });
        }
        let launch = Launch {
            buffers: &buffers,
            threadgroup_memory: &self.threadgroup_memory,
            threads_per_grid: self.threads_per_grid,
            threads_per_threadgroup: self.threads_per_threadgroup,
            stop: &self.stop,
        };
        self.kernel.prepare(&launch).unwrap_or_else(|error| panic!("{error}"));
        let units = self.kernel.units(&launch);
        let mut scratch = Scratch::default();
        loop {
            let unit = self.next.fetch_add(1, Ordering::Relaxed);
            if unit >= units || self.stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            // SAFETY: the bindings are memory that this launch owns and that no reference is made to before
            // all workers have sent their results.
            unsafe { self.kernel.run(&launch, unit..unit + 1, &mut scratch)? };
        }
    }
}

/// Buffer memory between two zones that nothing may write to.
struct Watched {
    blocks: *mut Block,
    count: usize,
    length: usize,
}

/// Metal's buffers start at multiples of 256 bytes at least.
#[derive(Clone, Copy)]
#[repr(align(256))]
struct Block(#[expect(dead_code, reason = "read and written through pointers")] [u8; 256]);

/// Blocks before and after the content.
const ZONE: usize = 16;
/// What the zones hold.
const WATCH: u8 = 0xA5;

// SAFETY: the memory is owned; kernels access it through its address, as they would any shared buffer.
unsafe impl Send for Watched {}
// SAFETY: as above; `content` is called only after all workers have ended.
unsafe impl Sync for Watched {}

impl Watched {
    fn new(content: &[u8]) -> Self {
        let count = 2 * ZONE + content.len().div_ceil(256);
        let blocks = Box::leak(vec![Block([WATCH; 256]); count].into_boxed_slice()).as_mut_ptr();
        let memory = Self { blocks, count, length: content.len() };
        // SAFETY: the blocks after the first zone have room for the content.
        unsafe { std::ptr::copy_nonoverlapping(content.as_ptr(), memory.address(), content.len()) };
        memory
    }

    fn address(&self) -> *mut u8 {
        // SAFETY: there are more than ZONE blocks.
        unsafe { self.blocks.add(ZONE).cast() }
    }

    /// A copy of the content; an error if the memory around it was changed.
    fn content(&self) -> Result<Vec<u8>, String> {
        // SAFETY: all workers have ended, so nothing writes to the blocks.
        let all = unsafe { std::slice::from_raw_parts(self.blocks.cast::<u8>(), self.count * 256) };
        let (start, end) = (ZONE * 256, ZONE * 256 + self.length);
        match all.iter().enumerate().find(|(at, byte)| !(start..end).contains(at) && **byte != WATCH) {
            Some((at, _)) => {
                Err(format!("memory outside was written, at offset {}", at as i64 - start as i64))
            }
            None => Ok(all[start..end].to_vec()),
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let blocks = std::ptr::slice_from_raw_parts_mut(self.blocks, self.count);
        // SAFETY: `new` made them from such a box.
        drop(unsafe { Box::from_raw(blocks) });
    }
}
