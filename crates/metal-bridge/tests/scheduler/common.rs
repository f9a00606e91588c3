//! Managers to test with.

use std::num::NonZeroUsize;
use std::sync::mpsc::{self, Receiver, Sender};

use metal_bridge::null::NullDevice;
use metal_bridge::scheduler::Cause;
use metal_bridge::{
    Buffer, CommandBufferManager, Device, Error, ManagerConfig, ManagerStats, OperationError, OperationId,
    PendingOperation, ResourceOptions, Result, SchedulerError,
};

pub(crate) fn config(workers: usize) -> ManagerConfig {
    ManagerConfig::new().workers(NonZeroUsize::new(workers).unwrap())
}

/// A manager on a null device.
pub(crate) fn manager(workers: usize) -> CommandBufferManager {
    manager_with(config(workers))
}

pub(crate) fn manager_with(config: ManagerConfig) -> CommandBufferManager {
    let device = Device::null();
    CommandBufferManager::with_config(&device, &device.new_command_queue().unwrap(), config).unwrap()
}

/// A manager on a null device that can be steered.
pub(crate) fn steered(workers: usize) -> (NullDevice, CommandBufferManager) {
    let null = NullDevice::new();
    let queue = null.device().new_command_queue().unwrap();
    let manager = CommandBufferManager::with_config(&null.device(), &queue, config(workers)).unwrap();
    (null, manager)
}

pub(crate) fn buffer(manager: &CommandBufferManager) -> Buffer {
    manager.device().new_buffer_with_length(16, ResourceOptions::default()).unwrap()
}

/// Queues an operation with a new id.
pub(crate) fn queue(
    manager: &CommandBufferManager,
    build: impl FnOnce(PendingOperation) -> PendingOperation,
) -> OperationId {
    let id = manager.generate_operation_id();
    manager.queue_operation(build(PendingOperation::new(id))).unwrap();
    id
}

/// Queues an operation that runs until something is sent, or the sender is dropped.
pub(crate) fn blocker(manager: &CommandBufferManager) -> (OperationId, Sender<Result<()>>) {
    let (sender, receiver): (_, Receiver<Result<()>>) = mpsc::channel();
    let id = queue(manager, |operation| operation.execute(move || receiver.recv().unwrap_or(Ok(()))));
    (id, sender)
}

pub(crate) fn operation_error(result: Result<()>) -> OperationError {
    match result {
        Err(Error::Operation(error)) => *error,
        other => panic!("expected an operation's error, got {other:?}"),
    }
}

pub(crate) fn scheduler_error(result: Result<()>) -> SchedulerError {
    match result {
        Err(Error::Scheduler(error)) => *error,
        other => panic!("expected an error of the scheduler, got {other:?}"),
    }
}

#[track_caller]
pub(crate) fn assert_failed(result: Result<()>, root: OperationId, message: &str) {
    let error = operation_error(result);
    assert_eq!(error.root(), root);
    assert!(matches!(error.cause(), Cause::Failed(Error::Other { message: m }) if m == message), "{error}");
}

/// The sums hold, and nothing is left.
#[track_caller]
pub(crate) fn assert_all_ended(stats: ManagerStats) {
    assert_eq!((stats.pending, stats.in_flight), (0, 0), "{stats:?}");
    assert_eq!(stats.queued, stats.executed + stats.failed + stats.cancelled, "{stats:?}");
}
