//! The end of a manager.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use super::common::*;
use metal_bridge::scheduler::Cause;
use metal_bridge::{Error, PendingOperation, SchedulerError};

#[test]
fn shutdown_does_all_work_first() {
    let manager = manager(2);
    let count = Arc::new(AtomicUsize::new(0));
    let mut last = None;
    for _ in 0..100 {
        let count = count.clone();
        last = Some(queue(&manager, |o| {
            o.dependencies(last).execute(move || {
                count.fetch_add(1, Ordering::SeqCst);
                Ok(())
            })
        }));
    }
    manager.shutdown().unwrap();
    assert_eq!(count.load(Ordering::SeqCst), 100);
    manager.wait_for_operation(last.unwrap()).unwrap();
    let id = manager.generate_operation_id();
    let error = scheduler_error(manager.queue_operation(PendingOperation::new(id)));
    assert_eq!(error, SchedulerError::ShutDown { operation: id });
    manager.shutdown().unwrap();
    manager.shutdown_now().unwrap();
    assert_all_ended(manager.get_stats());
}

#[test]
fn shutdown_now_cancels_what_has_not_started() {
    let manager = manager(1);
    let (first, end) = blocker(&manager);
    while manager.get_stats().in_flight == 0 {
        std::thread::yield_now();
    }
    let (cleaned, seen) = mpsc::channel();
    let second = queue(&manager, |o| {
        o.execute(|| panic!("must not run")).cleanup(move || cleaned.send(()).map_err(Error::other))
    });
    let third = queue(&manager, |o| o.depends_on(second));
    let limit = Duration::from_millis(2);
    let error = scheduler_error(manager.shutdown_timeout(limit));
    assert_eq!(error, SchedulerError::TimedOut { operation: None, limit });
    let closer = {
        let manager = manager.clone();
        std::thread::spawn(move || manager.shutdown_now())
    };
    // The cancellation shows before the first has ended.
    while !manager.to_dot().contains("cancelled") {
        std::thread::yield_now();
    }
    end.send(Ok(())).unwrap();
    closer.join().unwrap().unwrap();
    manager.wait_for_operation(first).unwrap();
    seen.recv().unwrap();
    assert_eq!(operation_error(manager.wait_for_operation(second)).cause(), &Cause::ShutDown);
    let error = operation_error(manager.wait_for_operation(third));
    assert_eq!((error.cause(), error.is_cancelled()), (&Cause::ShutDown, true));
    assert_all_ended(manager.get_stats());
}

#[test]
fn shutdown_within_an_operation_is_an_error() {
    let manager = manager(1);
    let inner = manager.clone();
    let id = queue(&manager, |o| o.execute(move || inner.shutdown()));
    let error = operation_error(manager.wait_for_operation(id));
    assert!(error.to_string().contains("shutdown within operation 1"), "{error}");
    queue(&manager, |o| o);
    manager.shutdown().unwrap();
}

#[test]
fn a_producer_that_waits_for_room_is_told_of_the_end() {
    let manager = manager_with(config(1).capacity(NonZeroUsize::MIN));
    let (_, end) = blocker(&manager);
    let producers: Vec<_> = (0..3)
        .map(|_| {
            let manager = manager.clone();
            std::thread::spawn(move || {
                manager.queue_operation(PendingOperation::new(manager.generate_operation_id()))
            })
        })
        .collect();
    assert!(manager.shutdown_timeout(Duration::from_millis(2)).is_err());
    for producer in producers {
        let error = scheduler_error(producer.join().unwrap());
        assert!(matches!(error, SchedulerError::ShutDown { .. }), "{error}");
    }
    drop(end);
    manager.shutdown().unwrap();
}

#[test]
fn dropping_waits_for_work_but_not_for_ever() {
    let (sender, receiver) = mpsc::channel();
    let first = manager(1);
    for i in 0..10 {
        let sender = sender.clone();
        queue(&first, |o| o.execute(move || sender.send(i).map_err(Error::other)));
    }
    drop(first);
    assert_eq!(receiver.try_iter().count(), 10);

    let second = manager_with(config(1).drop_limit(Duration::from_millis(5)));
    let (_, end) = blocker(&second);
    let cancelled = sender.clone();
    queue(&second, |o| {
        o.execute(|| panic!("must not run")).on_complete(move |completion| {
            assert!(completion.result.is_err());
            cancelled.send(77).unwrap();
        })
    });
    drop(second);
    end.send(Ok(())).unwrap();
    assert_eq!(receiver.recv().unwrap(), 77);
}

#[test]
fn the_last_handle_may_be_dropped_within_an_operation() {
    let manager = manager(1);
    let (go, start) = mpsc::channel::<()>();
    let (done, end) = mpsc::channel();
    let inner = manager.clone();
    queue(&manager, |o| {
        o.execute(move || {
            start.recv().map_err(Error::other)?;
            drop(inner);
            Ok(())
        })
    });
    queue(&manager, |o| o.execute(move || done.send(()).map_err(Error::other)));
    // The handle here may be the last or not: both must go well.
    go.send(()).unwrap();
    drop(manager);
    end.recv().unwrap();
}

#[test]
fn shutting_down_races_with_queueing() {
    for round in 0..50 {
        let manager = manager_with(config(2).capacity(NonZeroUsize::new(4).unwrap()));
        let executed = Arc::new(AtomicUsize::new(0));
        let producers: Vec<_> = (0..3)
            .map(|_| {
                let (manager, executed) = (manager.clone(), executed.clone());
                std::thread::spawn(move || {
                    let mut queued = 0;
                    for _ in 0..50 {
                        let (id, executed) = (manager.generate_operation_id(), executed.clone());
                        let operation = PendingOperation::new(id).execute(move || {
                            executed.fetch_add(1, Ordering::SeqCst);
                            Ok(())
                        });
                        match manager.queue_operation(operation) {
                            Ok(()) => queued += 1,
                            Err(error) => {
                                assert_eq!(error, SchedulerError::ShutDown { operation: id }.into());
                                break;
                            }
                        }
                    }
                    queued
                })
            })
            .collect();
        let result = if round % 2 == 0 { manager.shutdown() } else { manager.shutdown_now() };
        result.unwrap();
        let queued: u64 = producers.into_iter().map(|producer| producer.join().unwrap()).sum();
        let stats = manager.get_stats();
        assert_all_ended(stats);
        assert_eq!((stats.queued, stats.executed as usize), (queued, executed.load(Ordering::SeqCst)));
        assert!(round % 2 == 1 || stats.cancelled == 0);
    }
}
