//! What an operation of the scheduler and a pooled buffer cost by themselves, beside a job of rayon's pool and a block of
//! the system's allocator. The null device serves, so that no kernel runs.

use std::alloc::Layout;
use std::hint::black_box;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Instant;

use metal_bridge::{
    AllocatorConfig, BufferAllocator, CommandBufferManager, Device, ManagerConfig, OperationId,
    PendingOperation, ResourceOptions,
};

use crate::Result;
use crate::compare::{Effort, Failed, Statistic, compare};
use crate::table::Row;

pub(crate) const NAME: &str = "scheduler and allocator";

const OPERATIONS: usize = 20_000;
const BUFFERS: usize = 1_000;
const LENGTHS: [usize; 3] = [256, 4096, 1 << 20];

const LIMIT_OPERATION: f64 = 1e-6;
const LIMIT_LATENCY: f64 = 5e-6;
const LIMIT_BUFFER: f64 = 100e-9;

/// Gives the rows; what is run makes no results that could be wrong, but errors are errors.
pub(crate) fn measure(threads: NonZeroUsize, effort: Effort) -> Result<Vec<Row>> {
    let mut rows = vec![operations(threads, effort)?, latency(threads, effort)?];
    for length in LENGTHS {
        rows.push(buffers(length, effort)?);
    }
    Ok(rows)
}

/// Empty operations from one thread, until all have ended.
fn operations(threads: NonZeroUsize, effort: Effort) -> Result<Row> {
    let (manager, pool) = (manager(threads)?, pool(threads)?);
    let mut ours = || {
        let mut last = None;
        for _ in 0..OPERATIONS {
            last = Some(queue_empty(&manager)?);
        }
        Ok(last.map_or(Ok(()), |last| manager.wait_for_operation(last))?)
    };
    let mut jobs = || {
        let left = Arc::new(AtomicUsize::new(OPERATIONS));
        let (sender, receiver) = mpsc::channel();
        for _ in 0..OPERATIONS {
            let (left, sender) = (left.clone(), sender.clone());
            pool.spawn(move || {
                if left.fetch_sub(1, Ordering::AcqRel) == 1 {
                    let _ = sender.send(());
                }
            });
        }
        Ok(receiver.recv()?)
    };
    let name = format!("scheduler: an empty operation of many, {threads} workers");
    row(name, "rayon job", LIMIT_OPERATION, OPERATIONS, effort, &mut ours, &mut jobs)
}

/// From queueing one empty operation until its end is known.
fn latency(threads: NonZeroUsize, effort: Effort) -> Result<Row> {
    let (manager, pool) = (manager(threads)?, pool(threads)?);
    let mut ours = || Ok(manager.wait_for_operation(queue_empty(&manager)?)?);
    let (sender, receiver) = mpsc::channel();
    let mut job = || {
        let sender = sender.clone();
        pool.spawn(move || {
            let _ = sender.send(());
        });
        Ok(receiver.recv()?)
    };
    let name = "scheduler: from queueing an operation to knowing its end".into();
    row(name, "rayon job", LIMIT_LATENCY, 1, effort, &mut ours, &mut job)
}

/// A buffer taken from an allocator that has such a one, and given back.
fn buffers(length: usize, effort: Effort) -> Result<Row> {
    let allocator = BufferAllocator::new(&Device::null(), AllocatorConfig::new())?;
    let mut ours = || {
        for _ in 0..BUFFERS {
            black_box(allocator.allocate(black_box(length), ResourceOptions::default())?);
        }
        Ok(())
    };
    // Neither counted nor zeroed.
    let layout = Layout::from_size_align(length, 256)?;
    let mut blocks = || {
        for _ in 0..BUFFERS {
            // SAFETY: the layout's size is not zero, and the block is freed with the layout it was made with.
            unsafe {
                let block = black_box(std::alloc::alloc(black_box(layout)));
                std::alloc::dealloc(block, layout);
            }
        }
        Ok(())
    };
    let name = format!("allocator: a pooled buffer of {length} bytes, taken and given back");
    row(name, "system allocator", LIMIT_BUFFER, BUFFERS, effort, &mut ours, &mut blocks)
}

/// Lets both sides take turns, each doing `count` things a run.
fn row(
    name: String,
    other_name: &'static str,
    limit: f64,
    count: usize,
    effort: Effort,
    ours: &mut dyn FnMut() -> Result<()>,
    other: &mut dyn FnMut() -> Result<()>,
) -> Result<Row> {
    let mut ours = |seconds| turn(ours, count, seconds);
    let mut other = |seconds| turn(other, count, seconds);
    match compare(Statistic::Median, effort, &mut ours, &mut other) {
        Ok(comparison) => Ok(Row::within(name, limit, other_name, &comparison)),
        Err(Failed::Ours(error)) => Err(error),
        Err(Failed::Other(error)) => Err(error.into()),
    }
}

/// Runs for about so many seconds; gives the seconds that one thing took in each run.
fn turn(run: &mut dyn FnMut() -> Result<()>, count: usize, seconds: f64) -> Result<Vec<f64>> {
    let start = Instant::now();
    let mut times = Vec::new();
    loop {
        let begin = Instant::now();
        run()?;
        times.push(begin.elapsed().as_secs_f64() / count as f64);
        if start.elapsed().as_secs_f64() >= seconds {
            return Ok(times);
        }
    }
}

fn manager(threads: NonZeroUsize) -> Result<CommandBufferManager> {
    let device = Device::null();
    let queue = device.new_command_queue()?;
    Ok(CommandBufferManager::with_config(&device, &queue, ManagerConfig::new().workers(threads))?)
}

fn pool(threads: NonZeroUsize) -> Result<rayon::ThreadPool> {
    Ok(rayon::ThreadPoolBuilder::new().num_threads(threads.get()).build()?)
}

fn queue_empty(manager: &CommandBufferManager) -> Result<OperationId> {
    let id = manager.generate_operation_id();
    manager.queue_operation(PendingOperation::new(id).execute(|| Ok(())))?;
    Ok(id)
}
