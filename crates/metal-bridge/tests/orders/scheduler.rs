//! The scheduler and the allocator: nothing is done twice or not at all, no memory is handed out twice.

use std::num::NonZeroUsize;
use std::sync::Arc;

use super::check;

use metal_bridge::scheduler::Cause;
use metal_bridge::{
    AllocatorConfig, BufferAllocator, CommandBufferManager, Device, Error, ManagerConfig, OperationId,
    PendingOperation, ResourceOptions, Result, SchedulerError,
};
use shuttle::sync::atomic::{AtomicUsize, Ordering};
use shuttle::thread;

fn manager(workers: usize) -> CommandBufferManager {
    manager_with(ManagerConfig::new().workers(NonZeroUsize::new(workers).unwrap()))
}

fn manager_with(config: ManagerConfig) -> CommandBufferManager {
    let device = Device::null();
    CommandBufferManager::with_config(&device, &device.new_command_queue().unwrap(), config).unwrap()
}

fn queue(
    manager: &CommandBufferManager,
    build: impl FnOnce(PendingOperation) -> PendingOperation,
) -> Result<OperationId> {
    let id = manager.generate_operation_id();
    manager.queue_operation(build(PendingOperation::new(id)))?;
    Ok(id)
}

/// Counts its executions.
fn counting(count: &Arc<AtomicUsize>) -> impl FnOnce(PendingOperation) -> PendingOperation + use<> {
    let count = count.clone();
    move |operation| {
        operation.execute(move || {
            count.fetch_add(1, Ordering::SeqCst);
            Ok(())
        })
    }
}

#[test]
fn queueing_races_with_completion() {
    check(|| {
        let manager = manager(2);
        let count = Arc::new(AtomicUsize::new(0));
        let first = queue(&manager, counting(&count)).unwrap();
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let (manager, count) = (manager.clone(), count.clone());
                thread::spawn(move || {
                    let id = queue(&manager, |o| counting(&count)(o).depends_on(first)).unwrap();
                    manager.wait_for_operation(id).unwrap();
                    assert!(count.load(Ordering::SeqCst) >= 2);
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        manager.shutdown().unwrap();
        assert_eq!(count.load(Ordering::SeqCst), 3);
    });
}

#[test]
fn a_dependency_fails_before_or_after_it_is_depended_on() {
    check(|| {
        let manager = manager(1);
        let cleaned = Arc::new(AtomicUsize::new(0));
        let bad = queue(&manager, |o| o.execute(|| Err(Error::other("bad")))).unwrap();
        let seen = cleaned.clone();
        let dependent = queue(&manager, |o| {
            o.depends_on(bad).execute(|| panic!("must not run")).cleanup(move || {
                seen.fetch_add(1, Ordering::SeqCst);
                Ok(())
            })
        })
        .unwrap();
        let Err(Error::Operation(error)) = manager.wait_for_operation(dependent) else { panic!() };
        assert_eq!((error.root(), error.cause()), (bad, &Cause::Failed(Error::other("bad"))));
        assert_eq!(cleaned.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn shutting_down_races_with_queueing() {
    check(|| {
        let config = ManagerConfig::new().workers(NonZeroUsize::MIN).capacity(NonZeroUsize::MIN);
        let manager = manager_with(config);
        let count = Arc::new(AtomicUsize::new(0));
        let producers: Vec<_> = (0..2)
            .map(|_| {
                let (manager, count) = (manager.clone(), count.clone());
                thread::spawn(move || {
                    let mut queued = 0;
                    for _ in 0..2 {
                        match queue(&manager, counting(&count)) {
                            Ok(_) => queued += 1,
                            Err(Error::Scheduler(error)) => {
                                assert!(matches!(*error, SchedulerError::ShutDown { .. }), "{error}");
                            }
                            Err(error) => panic!("{error}"),
                        }
                    }
                    queued
                })
            })
            .collect();
        let closer = {
            let manager = manager.clone();
            thread::spawn(move || manager.shutdown_now().unwrap())
        };
        manager.shutdown().unwrap();
        let queued: u64 = producers.into_iter().map(|producer| producer.join().unwrap()).sum();
        closer.join().unwrap();
        let stats = manager.get_stats();
        assert_eq!((stats.queued, stats.pending, stats.in_flight), (queued, 0, 0));
        assert_eq!(stats.executed + stats.cancelled, queued);
        assert_eq!(stats.executed as usize, count.load(Ordering::SeqCst));
    });
}

#[test]
fn producers_wait_for_room() {
    check(|| {
        let config = ManagerConfig::new().workers(NonZeroUsize::MIN).capacity(NonZeroUsize::MIN);
        let manager = manager_with(config);
        let count = Arc::new(AtomicUsize::new(0));
        let producers: Vec<_> = (0..2)
            .map(|_| {
                let (manager, count) = (manager.clone(), count.clone());
                thread::spawn(move || {
                    for _ in 0..2 {
                        queue(&manager, counting(&count)).unwrap();
                    }
                })
            })
            .collect();
        for producer in producers {
            producer.join().unwrap();
        }
        manager.shutdown().unwrap();
        assert_eq!((count.load(Ordering::SeqCst), manager.get_stats().peak), (4, 1));
    });
}

#[test]
fn handlers_wait_for_other_operations() {
    check(|| {
        let manager = manager(1);
        let count = Arc::new(AtomicUsize::new(0));
        let other = queue(&manager, counting(&count)).unwrap();
        let (inner, seen) = (manager.clone(), count.clone());
        let first = queue(&manager, |o| {
            o.on_complete(move |_| {
                // One that was queued before, and one that is queued now, with the only worker in use.
                inner.wait_for_operation(other).unwrap();
                let id = queue(&inner, counting(&seen)).unwrap();
                inner.wait_for_operation(id).unwrap();
            })
        })
        .unwrap();
        manager.wait_for_operation(first).unwrap();
        assert_eq!(count.load(Ordering::SeqCst), 2);
        manager.shutdown().unwrap();
    });
}

#[test]
fn completers_race_with_their_function() {
    check(|| {
        let manager = manager(1);
        let id = queue(&manager, |o| {
            o.execute_async(|_, completer| {
                thread::spawn(move || completer.complete(Ok(())));
                Ok(())
            })
        })
        .unwrap();
        let later = queue(&manager, |o| o.depends_on(id)).unwrap();
        manager.wait_for_operation(later).unwrap();
        // Dropping it waits for threads to end, or shuttle reports a deadlock.
    });
}

#[test]
fn command_buffers_end_operations() {
    check(|| {
        let manager = manager(1);
        let target = manager.device().new_buffer_with_length(16, ResourceOptions::default()).unwrap();
        for _ in 0..2 {
            let buffer = target.clone();
            queue(&manager, |o| {
                o.output_buffers([&target]).execute_command_buffer(move |_, command_buffer| {
                    let mut blit = command_buffer.new_blit_command_encoder()?;
                    blit.fill_buffer(&buffer, 0..16, 1)?;
                    blit.end_encoding()?;
                    command_buffer.add_completed_handler(|_| ())
                })
            })
            .unwrap();
        }
        manager.shutdown().unwrap();
        assert_eq!(manager.get_stats().executed, 2);
    });
}

#[test]
fn two_operations_wait_for_each_other() {
    check(|| {
        let manager = manager(2);
        let (a, b) = (manager.generate_operation_id(), manager.generate_operation_id());
        for (id, other) in [(a, b), (b, a)] {
            let inner = manager.clone();
            let operation =
                PendingOperation::new(id).execute(move || match inner.wait_for_operation(other) {
                    // The other may not have been queued yet.
                    Err(Error::Scheduler(error))
                        if matches!(*error, SchedulerError::UnknownOperation { .. }) =>
                    {
                        Ok(())
                    }
                    result => result,
                });
            manager.queue_operation(operation).unwrap();
        }
        let results = [a, b].map(|id| manager.wait_for_operation(id));
        assert!(results.iter().any(Result::is_ok) || results.iter().all(Result::is_err));
        manager.shutdown().unwrap();
    });
}

#[test]
fn handles_are_dropped_anywhere() {
    check(|| {
        let manager = manager(1);
        let count = Arc::new(AtomicUsize::new(0));
        let inner = manager.clone();
        queue(&manager, |o| {
            o.execute(move || {
                drop(inner);
                Ok(())
            })
        })
        .unwrap();
        queue(&manager, counting(&count)).unwrap();
        drop(manager);
    });
}

#[test]
fn releasing_races_with_trimming_and_allocating() {
    check(|| {
        let device = Device::null();
        let config = AllocatorConfig::new().minimum_block(4096).maximum_cached(4096).class_limit(1024);
        let allocator = BufferAllocator::new(&device, config).unwrap();
        let threads: Vec<_> = (1..=2u8)
            .map(|value| {
                let allocator = allocator.clone();
                thread::spawn(move || {
                    for length in [700, 1500, 700] {
                        let buffer = allocator.allocate(length, ResourceOptions::default()).unwrap();
                        buffer.write(&vec![value; length]).unwrap();
                        thread::yield_now();
                        assert!(buffer.read::<u8>().unwrap().iter().all(|byte| *byte == value));
                    }
                })
            })
            .collect();
        allocator.trim();
        let stats = allocator.memory_stats();
        assert_eq!(stats.total_memory, stats.active + stats.total_free);
        for thread in threads {
            thread.join().unwrap();
        }
        allocator.trim();
        let stats = allocator.memory_stats();
        assert_eq!((stats.live(), stats.active, stats.total_memory), (0, 0, 0));
        assert_eq!(device.current_allocated_size(), 0);
    });
}

#[test]
fn work_in_flight_races_with_the_end_of_the_allocator() {
    check(|| {
        let device = Device::null();
        let allocator = BufferAllocator::new(&device, AllocatorConfig::new().on_leak(|_| ())).unwrap();
        let buffer = allocator.allocate(100, ResourceOptions::default()).unwrap();
        let writer = thread::spawn(move || buffer.write(&[1u8; 100]).unwrap());
        drop(allocator);
        writer.join().unwrap();
        assert_eq!(device.current_allocated_size(), 0);
    });
}
