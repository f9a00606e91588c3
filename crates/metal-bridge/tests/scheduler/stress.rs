//! Many threads, many operations.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::common::*;
use metal_bridge::{Error, PendingOperation};

#[test]
fn eight_threads_queue_a_hundred_thousand_each() {
    const THREADS: u64 = 8;
    const EACH: u64 = 100_000;
    let manager = manager_with(config(2).capacity(NonZeroUsize::new(1000).unwrap()));
    let sum = Arc::new(AtomicU64::new(0));
    let threads: Vec<_> = (0..THREADS)
        .map(|thread| {
            let (manager, sum) = (manager.clone(), sum.clone());
            std::thread::spawn(move || {
                let mut last = None;
                for i in 0..EACH {
                    let (id, sum) = (manager.generate_operation_id(), sum.clone());
                    let mut operation = PendingOperation::new(id).execute(move || {
                        sum.fetch_add(i, Ordering::Relaxed);
                        Ok(())
                    });
                    if i % 3 == 0 {
                        operation = operation.dependencies(last);
                    }
                    manager.queue_operation(operation).unwrap();
                    if i % 1000 == thread {
                        manager.wait_for_operation(id).unwrap();
                    }
                    last = Some(id);
                }
                manager.wait_for_operation(last.unwrap()).unwrap();
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    manager.shutdown().unwrap();
    let stats = manager.get_stats();
    assert_eq!((stats.queued, stats.executed), (THREADS * EACH, THREADS * EACH));
    assert!(stats.peak <= 1000, "{stats:?}");
    assert_eq!(sum.load(Ordering::Relaxed), THREADS * EACH * (EACH - 1) / 2);
}

/// Operations that queue operations, wait for some, and fail now and then, from several threads.
#[test]
fn operations_queue_and_wait_for_operations() {
    let manager = manager(2);
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let manager = manager.clone();
            std::thread::spawn(move || {
                for i in 0..500u64 {
                    let inner = manager.clone();
                    let outer = queue(&manager, |o| {
                        o.execute(move || {
                            let id = inner.generate_operation_id();
                            inner.queue_operation(PendingOperation::new(id).execute(move || {
                                if i % 10 == 0 { Err(Error::other("inner")) } else { Ok(()) }
                            }))?;
                            inner.wait_for_operation(id)
                        })
                    });
                    let result = manager.wait_for_operation(outer);
                    assert_eq!(result.is_err(), i % 10 == 0);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    manager.shutdown().unwrap();
    let stats = manager.get_stats();
    assert_all_ended(stats);
    assert_eq!((stats.queued, stats.failed, stats.cancelled), (4000, 400, 0));
}
