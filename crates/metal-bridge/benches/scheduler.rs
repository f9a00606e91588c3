//! What an operation and a pooled buffer cost by themselves, beside what others need for as little: a job of rayon's
//! pool, a block of the system's allocator, a buffer of the device.
//!
//! `cargo bench -p metal-bridge --bench scheduler`; the null device serves, so no kernel is compiled.

use std::alloc::Layout;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use metal_bridge::{
    AllocatorConfig, BufferAllocator, CommandBufferManager, Device, ManagerConfig, PendingOperation,
    ResourceOptions,
};

fn main() {
    divan::main();
}

const OPERATIONS: usize = 100_000;
const THREADS: NonZeroUsize = NonZeroUsize::new(2).unwrap();

fn manager(workers: NonZeroUsize) -> CommandBufferManager {
    let device = Device::null();
    let queue = device.new_command_queue().expect("a queue");
    CommandBufferManager::with_config(&device, &queue, ManagerConfig::new().workers(workers))
        .expect("a manager")
}

fn queue_empty(manager: &CommandBufferManager) -> metal_bridge::OperationId {
    let id = manager.generate_operation_id();
    manager.queue_operation(PendingOperation::new(id).execute(|| Ok(()))).expect("it can be queued");
    id
}

/// Empty operations from one thread, until all have ended. Workers and the caller share the processors.
#[divan::bench(args = [1, 2])]
fn operations(bencher: Bencher<'_, '_>, workers: usize) {
    let manager = manager(NonZeroUsize::new(workers).expect("not zero"));
    bencher.counter(ItemsCount::new(OPERATIONS)).bench_local(|| {
        let mut last = None;
        for _ in 0..OPERATIONS {
            last = Some(queue_empty(&manager));
        }
        manager.wait_for_operation(last.expect("there are some")).expect("it succeeds");
    });
}

/// The same, each depending on the one before it.
#[divan::bench]
fn operations_in_a_chain(bencher: Bencher<'_, '_>) {
    let manager = manager(THREADS);
    bencher.counter(ItemsCount::new(OPERATIONS)).bench_local(|| {
        let mut last = None;
        for _ in 0..OPERATIONS {
            let id = manager.generate_operation_id();
            let operation = PendingOperation::new(id).dependencies(last).execute(|| Ok(()));
            manager.queue_operation(operation).expect("it can be queued");
            last = Some(id);
        }
        manager.wait_for_operation(last.expect("there are some")).expect("it succeeds");
    });
}

/// As many jobs of rayon's pool, without dependencies, ids, results or errors.
#[divan::bench]
fn rayon_jobs(bencher: Bencher<'_, '_>) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(THREADS.get()).build().expect("a pool");
    bencher.counter(ItemsCount::new(OPERATIONS)).bench_local(|| {
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
        receiver.recv().expect("the last job sends");
    });
}

/// From queueing one empty operation until its end is known.
#[divan::bench]
fn latency(bencher: Bencher<'_, '_>) {
    let manager = manager(THREADS);
    bencher.bench_local(|| {
        let id = queue_empty(&manager);
        manager.wait_for_operation(id).expect("it succeeds");
    });
}

/// From handing one job to rayon's pool until its end is known.
#[divan::bench]
fn latency_of_rayon(bencher: Bencher<'_, '_>) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(THREADS.get()).build().expect("a pool");
    let (sender, receiver) = mpsc::channel();
    bencher.bench_local(|| {
        let sender = sender.clone();
        pool.spawn(move || {
            let _ = sender.send(());
        });
        receiver.recv().expect("the job sends");
    });
}

const LENGTHS: [usize; 3] = [256, 4096, 1 << 20];

/// A buffer of an allocator that has such a one.
#[divan::bench(args = LENGTHS, sample_size = 100)]
fn pooled_buffer(bencher: Bencher<'_, '_>, length: usize) {
    let allocator =
        BufferAllocator::new(&Device::null(), AllocatorConfig::new()).expect("the defaults are valid");
    bencher.bench_local(|| {
        black_box(allocator.allocate(black_box(length), ResourceOptions::default()).expect("memory"));
    });
}

/// A buffer of the device.
#[divan::bench(args = LENGTHS, sample_size = 100)]
fn device_buffer(bencher: Bencher<'_, '_>, length: usize) {
    let device = Device::null();
    bencher.bench_local(|| {
        black_box(
            device.new_buffer_with_length(black_box(length), ResourceOptions::default()).expect("memory"),
        );
    });
}

/// A block of the system's allocator, neither counted nor zeroed.
#[divan::bench(args = LENGTHS, sample_size = 100)]
fn system_block(bencher: Bencher<'_, '_>, length: usize) {
    bencher.bench_local(|| {
        let layout = Layout::from_size_align(black_box(length), 256).expect("a valid layout");
        // SAFETY: the layout's size is not zero, and the block is freed with the layout it was made with.
        unsafe {
            let block = black_box(std::alloc::alloc(layout));
            std::alloc::dealloc(block, layout);
        }
    });
}
