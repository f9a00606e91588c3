//! What goes wrong in operations, and with calls.

use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use super::common::*;
use metal_bridge::scheduler::Cause;
use metal_bridge::{
    AllocatorConfig, BufferAllocator, Device, Error, ManagerConfig, PendingOperation, ResourceOptions,
    SchedulerError,
};

#[test]
fn a_failure_cancels_all_that_depend_on_it_with_the_chain() {
    let manager = manager(2);
    let forward = queue(&manager, |o| o.label("forward").execute(|| Err(Error::other("no data"))));
    let loss = queue(&manager, |o| o.label("loss").depends_on(forward).execute(|| panic!("must not run")));
    let step = queue(&manager, |o| o.dependencies([loss]).execute(|| panic!("must not run")));
    let other = queue(&manager, |o| o.execute(|| Ok(())));
    assert_failed(manager.wait_for_operation(forward), forward, "no data");
    assert_failed(manager.wait_for_operation(loss), forward, "no data");
    let error = operation_error(manager.wait_for_operation(step));
    assert_eq!(error.chain().map(|operation| operation.id).collect::<Vec<_>>(), [step, loss, forward]);
    assert_eq!((error.operation(), error.is_cancelled(), error.omitted()), (step, true, 0));
    assert_eq!(
        error.to_string(),
        "operation 3 was cancelled, because operation 2 \"loss\" was cancelled, because operation 1 \"forward\" failed: no data"
    );
    assert_eq!(error.source().unwrap().to_string(), "no data");
    manager.wait_for_operation(other).unwrap();
    // It failed before it was depended on.
    let late = queue(&manager, |o| o.depends_on(step).depends_on(other));
    assert_eq!(operation_error(manager.wait_for_operation(late)).root(), forward);
    manager.shutdown().unwrap();
    let stats = manager.get_stats();
    assert_eq!((stats.queued, stats.executed, stats.failed, stats.cancelled), (5, 1, 1, 3));
}

#[test]
fn panics_are_errors() {
    let manager = manager(1);
    let id = queue(&manager, |o| o.execute(|| std::panic::resume_unwind(Box::new("deliberate"))));
    let error = operation_error(manager.wait_for_operation(id));
    assert_eq!(error.cause(), &Cause::Panicked("deliberate".into()));
    assert!(!error.is_cancelled());
    let dependent = queue(&manager, |o| o.depends_on(id));
    assert_eq!(operation_error(manager.wait_for_operation(dependent)).root(), id);
    assert_eq!(manager.get_stats().failed, 1);
}

#[test]
fn impossible_ids_are_refused() {
    let (manager, other) = (manager(1), manager(1));
    let id = manager.generate_operation_id();
    let unknown = |result, generated| {
        let error = scheduler_error(result);
        assert!(
            matches!(error, SchedulerError::UnknownOperation { generated: g, .. } if g == generated),
            "{error}"
        );
    };
    unknown(manager.wait_for_operation(id), true);
    unknown(manager.wait_for_operation(other.generate_operation_id()), false);
    unknown(manager.queue_operation(PendingOperation::new(other.generate_operation_id())), false);
    unknown(manager.cancel_operation(id).map(drop), true);
    unknown(manager.operation_result(id).map(drop), true);
    let later = manager.generate_operation_id();
    unknown(manager.queue_operation(PendingOperation::new(id).depends_on(later)), true);
    let error = scheduler_error(manager.queue_operation(PendingOperation::new(id).depends_on(id)));
    assert_eq!(error, SchedulerError::SelfDependency { operation: id });
    manager.queue_operation(PendingOperation::new(id)).unwrap();
    let again = || scheduler_error(manager.queue_operation(PendingOperation::new(id)));
    assert_eq!(again(), SchedulerError::DuplicateOperation { operation: id });
    manager.wait_for_operation(id).unwrap();
    assert_eq!(again(), SchedulerError::DuplicateOperation { operation: id });
    assert_eq!(manager.get_stats().queued, 1);
}

#[test]
fn cleanup_runs_once_whatever_happens() {
    let manager = manager(2);
    let cleanups = Arc::new(AtomicUsize::new(0));
    let cleanup = || {
        let cleanups = cleanups.clone();
        move || {
            cleanups.fetch_add(1, Ordering::SeqCst);
            Ok(())
        }
    };
    let good = queue(&manager, |o| o.execute(|| Ok(())).cleanup(cleanup()));
    manager.wait_for_operation(good).unwrap();
    assert_eq!(cleanups.load(Ordering::SeqCst), 1);
    let bad = queue(&manager, |o| o.execute(|| Err(Error::other("bad"))).cleanup(cleanup()));
    let cancelled = queue(&manager, |o| o.depends_on(bad).cleanup(cleanup()));
    let panicking = queue(&manager, |o| {
        o.execute(|| std::panic::resume_unwind(Box::new("deliberate"))).cleanup(cleanup())
    });
    for id in [bad, cancelled, panicking] {
        manager.wait_for_operation(id).unwrap_err();
    }
    assert_eq!(cleanups.load(Ordering::SeqCst), 4);
    // Refused: here and now.
    manager.queue_operation(PendingOperation::new(bad).cleanup(cleanup())).unwrap_err();
    assert_eq!(cleanups.load(Ordering::SeqCst), 5);
    // Given back: not yet.
    let rejected = manager.try_queue_operation(PendingOperation::new(bad).cleanup(cleanup())).unwrap_err();
    assert_eq!(cleanups.load(Ordering::SeqCst), 5);
    drop(rejected);
    assert_eq!(cleanups.load(Ordering::SeqCst), 5);
}

#[test]
fn errors_of_cleanups_and_handlers_are_reported() {
    let manager = manager(1);
    let (sender, receiver) = mpsc::channel();
    let id = queue(&manager, |o| {
        o.label("step")
            .execute(|| Ok(()))
            .cleanup(|| Err(Error::other("stuck")))
            .on_complete(move |completion| sender.send(completion.clone()).unwrap())
    });
    manager.wait_for_operation(id).unwrap();
    let completion = receiver.recv().unwrap();
    assert_eq!((completion.id, completion.label.as_deref()), (id, Some("step")));
    assert_eq!((completion.result, completion.cleanup), (Ok(()), Err(Error::other("stuck"))));
    let handler = queue(&manager, |o| o.on_complete(|_| std::panic::resume_unwind(Box::new("deliberate"))));
    manager.wait_for_operation(handler).unwrap();
    let errors = manager.cleanup_errors();
    assert_eq!(errors.iter().map(|e| e.operation).collect::<Vec<_>>(), [id, handler]);
    assert_eq!(errors[1].error, Error::other("deliberate"));
    assert_eq!(manager.get_stats().cleanup_errors, 2);
}

#[test]
fn what_an_operation_drops_may_panic() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            std::panic::resume_unwind(Box::new("deliberate"));
        }
    }
    let manager = manager(1);
    let bad = queue(&manager, |o| o.execute(|| Err(Error::other("bad"))));
    let bomb = Bomb;
    let cancelled = queue(&manager, |o| {
        o.depends_on(bad).execute(move || {
            let _bomb = &bomb;
            Ok(())
        })
    });
    assert_eq!(operation_error(manager.wait_for_operation(cancelled)).root(), bad);
    assert_eq!(manager.cleanup_errors().len(), 1);
    manager.shutdown().unwrap();
}

#[test]
fn objects_of_another_device_are_refused() {
    let manager = manager(1);
    let foreign = Device::null().new_buffer_with_length(1, ResourceOptions::default()).unwrap();
    let id = manager.generate_operation_id();
    let error = manager.queue_operation(PendingOperation::new(id).input_buffers([&foreign])).unwrap_err();
    assert!(matches!(error, Error::DeviceMismatch { .. }));
    let device = Device::null();
    let queue = Device::null().new_command_queue().unwrap();
    let new = |config| metal_bridge::CommandBufferManager::with_config(&device, &queue, config).unwrap_err();
    assert!(matches!(new(ManagerConfig::new()), Error::DeviceMismatch { .. }));
    let queue = device.new_command_queue().unwrap();
    let new = |config| metal_bridge::CommandBufferManager::with_config(&device, &queue, config).unwrap_err();
    let allocator = BufferAllocator::new(&Device::null(), AllocatorConfig::new()).unwrap();
    assert!(matches!(new(ManagerConfig::new().allocator(&allocator)), Error::DeviceMismatch { .. }));
    assert!(matches!(new(config(5000)), Error::InvalidSetting { setting: "workers", .. }));
}

#[test]
fn errors_are_forgotten_but_not_that_there_were_some() {
    let manager = manager_with(config(1).kept_errors(2));
    let ids: Vec<_> = (0..4).map(|_| queue(&manager, |o| o.execute(|| Err(Error::other("bad"))))).collect();
    manager.wait_for_operation(ids[3]).unwrap_err();
    let error = operation_error(manager.wait_for_operation(ids[0]));
    assert_eq!(error.cause(), &Cause::Forgotten);
    assert_failed(manager.wait_for_operation(ids[2]), ids[2], "bad");
    let dependent = queue(&manager, |o| o.depends_on(ids[0]));
    let error = operation_error(manager.wait_for_operation(dependent));
    assert_eq!((error.root(), error.cause()), (ids[0], &Cause::Forgotten));
}

#[test]
fn temporaries_go_back_when_the_operation_ends() {
    let device = Device::null();
    let allocator = BufferAllocator::new(&device, AllocatorConfig::new().budget(4 << 20)).unwrap();
    let queue_of = device.new_command_queue().unwrap();
    let manager =
        metal_bridge::CommandBufferManager::with_config(&device, &queue_of, config(2).allocator(&allocator))
            .unwrap();
    let given = allocator.allocate(100, ResourceOptions::default()).unwrap();
    let inner = allocator.clone();
    let id = queue(&manager, |o| {
        o.temp_buffers([given]).temporary(5000, ResourceOptions::default()).execute_with(move |context| {
            let lengths: Vec<_> = context.temporaries().iter().map(|buffer| buffer.length()).collect();
            assert_eq!(lengths, [100, 5000]);
            assert_eq!(inner.memory_stats().live(), 2);
            Ok(())
        })
    });
    manager.wait_for_operation(id).unwrap();
    assert_eq!(allocator.memory_stats().live(), 0);
    let id =
        queue(&manager, |o| o.temporary(1 << 30, ResourceOptions::default()).execute(|| panic!("no memory")));
    let error = operation_error(manager.wait_for_operation(id));
    assert!(matches!(error.cause(), Cause::Failed(Error::PoolExhausted { .. })), "{error}");
}

#[test]
fn cancelled_operations_do_not_run() {
    let manager = manager(1);
    let (first, end) = blocker(&manager);
    let second = queue(&manager, |o| o.execute(|| panic!("must not run")));
    let third = queue(&manager, |o| o.depends_on(second));
    assert_eq!(manager.cancel_operation(second), Ok(true));
    assert_eq!(manager.cancel_operation(second), Ok(false));
    end.send(Ok(())).unwrap();
    manager.wait_for_operation(first).unwrap();
    let error = operation_error(manager.wait_for_operation(third));
    assert_eq!((error.root(), error.cause()), (second, &Cause::Cancelled));
    assert_eq!(manager.cancel_operation(first), Ok(false));
    assert_eq!(manager.get_stats().cancelled, 2);
}
