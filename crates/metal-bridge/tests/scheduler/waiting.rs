//! Waiting, from everywhere, and back-pressure.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use super::common::*;
use metal_bridge::{Error, PendingOperation, SchedulerError};

#[test]
fn waits_end_with_the_operation_or_the_time() {
    let manager = manager(1);
    let (id, end) = blocker(&manager);
    for limit in [Duration::ZERO, Duration::from_millis(5)] {
        let error = scheduler_error(manager.wait_for_operation_timeout(id, limit));
        assert_eq!(error, SchedulerError::TimedOut { operation: Some(id), limit });
    }
    let waiters: Vec<_> = (0..3)
        .map(|i| {
            let manager = manager.clone();
            std::thread::spawn(move || match i {
                0 => manager.wait_for_operation_timeout(id, Duration::MAX),
                _ => manager.wait_for_operation(id),
            })
        })
        .collect();
    end.send(Err(Error::other("bad"))).unwrap();
    for waiter in waiters {
        assert_failed(waiter.join().unwrap(), id, "bad");
    }
    assert_failed(manager.wait_for_operation(id), id, "bad");
}

#[test]
fn operations_wait_for_others_although_there_is_one_worker() {
    let manager = manager(1);
    let inner = manager.clone();
    // Each waits for one that it queues itself: more than there are workers, one in the other.
    fn nested(manager: &metal_bridge::CommandBufferManager, depth: usize) -> metal_bridge::Result<()> {
        if depth == 0 {
            return Ok(());
        }
        let (inner, id) = (manager.clone(), manager.generate_operation_id());
        manager.queue_operation(PendingOperation::new(id).execute(move || nested(&inner, depth - 1)))?;
        manager.wait_for_operation(id)
    }
    let id = queue(&manager, |o| o.execute(move || nested(&inner, 20)));
    manager.wait_for_operation(id).unwrap();
    manager.shutdown().unwrap();
    assert_eq!(manager.get_stats().executed, 21);
}

#[test]
fn waits_without_end_are_errors() {
    let manager = manager(2);
    // For itself.
    let inner = manager.clone();
    let id = manager.generate_operation_id();
    manager.queue_operation(PendingOperation::new(id).execute(move || inner.wait_for_operation(id))).unwrap();
    let error = operation_error(manager.wait_for_operation(id));
    let expected = SchedulerError::WouldDeadlock { operation: id, waiting: id, path: vec![id] };
    assert_eq!(error.cause(), &metal_bridge::scheduler::Cause::Failed(Error::from(expected)));

    // For what depends on it, from the handler.
    let (inner, (sender, receiver)) = (manager.clone(), mpsc::channel());
    let (go, start) = mpsc::channel();
    let (errors, seen) = mpsc::channel();
    let first = queue(&manager, |o| {
        o.execute(move || start.recv().map_err(Error::other))
            .on_complete(move |_| errors.send(inner.wait_for_operation(receiver.recv().unwrap())).unwrap())
    });
    let second = queue(&manager, |o| o.depends_on(first));
    let third = queue(&manager, |o| o.depends_on(second));
    sender.send(third).unwrap();
    go.send(()).unwrap();
    let error = scheduler_error(seen.recv().unwrap());
    let path = vec![first, second, third];
    assert_eq!(error, SchedulerError::WouldDeadlock { operation: third, waiting: first, path });
    manager.wait_for_operation(third).unwrap();
}

#[test]
fn two_that_wait_for_each_other_are_told() {
    let manager = manager(2);
    let (a, b) = (manager.generate_operation_id(), manager.generate_operation_id());
    let (to_a, from_b) = mpsc::channel::<()>();
    let (first, second) = (manager.clone(), manager.clone());
    manager
        .queue_operation(PendingOperation::new(a).execute(move || {
            from_b.recv().map_err(Error::other)?;
            first.wait_for_operation(b)
        }))
        .unwrap();
    manager
        .queue_operation(PendingOperation::new(b).execute(move || {
            to_a.send(()).map_err(Error::other)?;
            second.wait_for_operation(a)
        }))
        .unwrap();
    let results = [a, b].map(|id| manager.wait_for_operation(id));
    // Whoever waits second is told; the other then learns of that failure.
    for result in &results {
        let error = operation_error(result.clone());
        assert!(error.to_string().contains("would wait for ever"), "{error}");
    }
}

#[test]
fn handlers_of_command_buffers_wait_for_operations() {
    let manager = manager(1);
    let command_buffer = manager.command_queue().new_command_buffer();
    let (sender, receiver) = mpsc::channel::<[metal_bridge::OperationId; 2]>();
    let (done, end) = mpsc::channel();
    let inner = manager.clone();
    command_buffer
        .add_completed_handler(move |_| {
            let results = receiver.recv().unwrap().map(|id| inner.wait_for_operation(id));
            done.send(results).unwrap();
        })
        .unwrap();
    // The only worker waits for the command buffer, whose handler waits for this operation and for another one.
    let first = queue(&manager, |o| {
        o.execute(move || {
            command_buffer.commit()?;
            command_buffer.wait_until_completed()
        })
    });
    let second = queue(&manager, |o| {
        o.execute_command_buffer(|_, command_buffer| command_buffer.add_completed_handler(|_| ()))
    });
    sender.send([first, second]).unwrap();
    assert_eq!(end.recv().unwrap(), [Ok(()), Ok(())]);
}

#[test]
fn what_a_handler_waits_for_finds_a_thread() {
    let manager = manager(1);
    let command_buffer = manager.command_queue().new_command_buffer();
    let (sender, receiver) = mpsc::channel();
    let (go, start) = mpsc::channel();
    let inner = manager.clone();
    command_buffer
        .add_completed_handler(move |_| {
            inner.wait_for_operation(receiver.recv().unwrap()).unwrap();
            go.send(()).unwrap();
        })
        .unwrap();
    // Occupies the only worker until the handler has seen the end of the other operation.
    let first = queue(&manager, |o| o.execute(move || start.recv().map_err(Error::other)));
    let second = queue(&manager, |o| o.execute(|| Ok(())));
    sender.send(second).unwrap();
    command_buffer.commit().unwrap();
    manager.wait_for_operation(first).unwrap();
}

#[test]
fn a_full_queue_waits_or_refuses() {
    let manager = manager_with(config(1).capacity(NonZeroUsize::new(2).unwrap()));
    let (first, end) = blocker(&manager);
    queue(&manager, |o| o);
    let id = manager.generate_operation_id();
    let rejected = manager.try_queue_operation(PendingOperation::new(id).label("third")).unwrap_err();
    let expected = SchedulerError::QueueFull { operation: id, capacity: 2, inside_operation: false };
    assert_eq!(rejected.error, Error::from(expected));
    let producer = {
        let manager = manager.clone();
        std::thread::spawn(move || {
            manager.queue_operation(rejected.operation)?;
            manager.wait_for_operation(id)
        })
    };
    assert_eq!(manager.get_stats().queued, 2);
    end.send(Ok(())).unwrap();
    producer.join().unwrap().unwrap();
    manager.wait_for_operation(first).unwrap();
    assert_eq!(manager.get_stats().peak, 2);
}

#[test]
fn within_an_operation_a_full_queue_is_an_error() {
    let manager = manager_with(config(1).capacity(NonZeroUsize::MIN));
    let inner = manager.clone();
    let id = queue(&manager, |o| {
        o.execute(move || inner.queue_operation(PendingOperation::new(inner.generate_operation_id())))
    });
    let error = operation_error(manager.wait_for_operation(id));
    assert!(error.to_string().contains("there is no waiting for room"), "{error}");
}

#[test]
fn as_many_run_at_once_as_there_are_workers() {
    let manager = manager(3);
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let ids: Vec<_> = (0..200)
        .map(|_| {
            let (running, most) = (running.clone(), most.clone());
            queue(&manager, |o| {
                o.execute(move || {
                    most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    std::thread::yield_now();
                    running.fetch_sub(1, Ordering::SeqCst);
                    Ok(())
                })
            })
        })
        .collect();
    for id in ids {
        manager.wait_for_operation(id).unwrap();
    }
    assert!((1..=3).contains(&most.load(Ordering::SeqCst)), "{most:?}");
}
