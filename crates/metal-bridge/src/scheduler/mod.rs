//! Operations in the order of their dependencies.
//!
//! A [`CommandBufferManager`] executes [`PendingOperation`]s on threads of its own. An operation runs when all operations
//! that it depends on have succeeded; if one of them fails, panics or is cancelled, it is cancelled, with an error that
//! leads to the cause ([`OperationError`]). Operations that do not depend on each other run in parallel.
//!
//! **Buffers order operations, too.** An operation that reads a buffer runs after those queued before that write it, and
//! one that writes it after those that read or write it, by what they declare as
//! [inputs](PendingOperation::input_buffers), [outputs](PendingOperation::output_buffers) and
//! [temporaries](PendingOperation::temp_buffers). That is order and no more: a failure on the other side cancels nothing
//! — who needs what another makes declares the dependency. [`hazard_tracking`](PendingOperation::hazard_tracking) turns
//! it off.
//!
//! **The end of an operation** comes in this order: it has executed (or was cancelled, which is carried out when all
//! operations before it have ended), its cleanup runs, its handler runs, its buffers and functions are dropped; then the
//! operations after it start, and who waits for it goes on. Each function runs once at most, the cleanup of a queued
//! operation just once.
//!
//! **Ids.** An operation can be depended on and waited for once it is queued, and ever after: outcomes are kept for ids
//! of any age in little memory, since those of successive ids with the same outcome are kept together. Only errors are
//! kept for the latest 4,096 failures alone ([`ManagerConfig::kept_errors`]), and when outcomes alternate, or ids are left
//! out, 65,536 times, the oldest are forgotten, which is an error of its own ([`SchedulerError::ResultForgotten`]).
//!
//! **Waiting** works from everywhere. Within an operation it is an error if that operation itself would have to end first
//! ([`SchedulerError::WouldDeadlock`]); cycles that go through several managers, or through locks of the program, are not
//! found.
//!
//! ```
//! use metal_bridge::{CommandBufferManager, Device, Error, PendingOperation, ResourceOptions};
//!
//! # fn main() -> metal_bridge::Result<()> {
//! let device = Device::null();
//! let manager = CommandBufferManager::new(&device, &device.new_command_queue()?)?;
//! let buffer = device.new_buffer_with_length(64, ResourceOptions::default())?;
//!
//! let fill = manager.generate_operation_id();
//! let target = buffer.clone();
//! manager.queue_operation(PendingOperation::new(fill).output_buffers([&buffer]).execute_command_buffer(
//!     move |_, command_buffer| {
//!         let mut blit = command_buffer.new_blit_command_encoder()?;
//!         blit.fill_buffer(&target, 0..64, 7)?;
//!         blit.end_encoding()
//!     },
//! ))?;
//! // Runs after the work of the command buffer, since it reads what that writes.
//! let check = manager.generate_operation_id();
//! manager.queue_operation(
//!     PendingOperation::new(check).input_buffers([&buffer]).execute(|| Err(Error::other("not what I expected"))),
//! )?;
//! let error = manager.wait_for_operation(check).unwrap_err();
//! assert_eq!(error.to_string(), "operation 2 failed: not what I expected");
//!
//! let stats = manager.get_stats();
//! assert_eq!((stats.queued, stats.executed, stats.failed), (2, 1, 1));
//! manager.shutdown()?;
//! # Ok(())
//! # }
//! ```

mod config;
mod error;
mod hazards;
mod ids;
mod operation;
mod results;
mod state;
mod stats;
mod trace;
mod wait;
mod worker;

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

pub use config::ManagerConfig;
pub use error::{Cause, OperationError, OperationName, SchedulerError};
pub use operation::{Completer, Completion, OperationContext, OperationId, PendingOperation, Rejected};
pub use stats::{CleanupError, ManagerStats};
pub use trace::{ExecutedOperation, Outcome, ScheduleTrace};

use config::MAX_WORKERS;
use operation::Job;
use state::{Stage, State};
use trace::Recorder;
use worker::guarded;

use crate::allocator::{AllocatorConfig, BufferAllocator};
use crate::device::Device;
use crate::encoder::check_device;
use crate::error::{Error, Result};
use crate::handlers;
use crate::queue::CommandQueue;
use crate::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use crate::sync::{self, Condvar, Mutex, MutexGuard, lock};

/// How long a thread looks for work, or for an end, before it goes to sleep.
const LOOK_FOR: Duration = Duration::from_micros(20);

/// Executes operations in the order of their dependencies. A cheap handle: clones are the same manager. See
/// [`scheduler`](self).
///
/// Dropping the last handle waits until all operations have ended, as [`shutdown`](Self::shutdown) does, but only for
/// [`ManagerConfig::drop_limit`]; after that, those that have not started are cancelled, and the rest is left to end by
/// itself. Dropped within one of its own operations, it does not wait.
#[derive(Clone)]
pub struct CommandBufferManager(Arc<Handle>);

/// Shuts the manager down when it is dropped.
struct Handle(Arc<Shared>);

/// What handles and threads share.
pub(crate) struct Shared {
    device: Device,
    queue: CommandQueue,
    workers: usize,
    capacity: usize,
    drop_limit: Duration,
    /// Where temporaries come from; made when the first is needed.
    allocator: OnceLock<BufferAllocator>,
    /// Distinguishes managers, in ids.
    number: u32,
    next_id: AtomicU64,
    state: Mutex<State>,
    /// The number of ready operations, for threads that look for one.
    ready: AtomicUsize,
    /// There is work for a thread that sleeps.
    work: Condvar,
    /// There is room for an operation.
    room: Condvar,
    /// All operations, or threads, have ended.
    end: Condvar,
}

impl CommandBufferManager {
    /// A manager for a queue of a device, with the default configuration.
    ///
    /// # Errors
    ///
    /// [`Error::DeviceMismatch`] if the queue is of another device.
    #[doc(alias = "NewCommandBufferManager")]
    pub fn new(device: &Device, queue: &CommandQueue) -> Result<Self> {
        Self::with_config(device, queue, ManagerConfig::new())
    }

    /// A manager for a queue of a device.
    ///
    /// # Errors
    ///
    /// [`Error::DeviceMismatch`] if the queue or the allocator is of another device, [`Error::InvalidSetting`] if there
    /// are too many workers.
    pub fn with_config(device: &Device, queue: &CommandQueue, config: ManagerConfig) -> Result<Self> {
        static MANAGERS: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        check_device(device, queue.device(), || "the command queue".into())?;
        let allocator = OnceLock::new();
        if let Some(given) = config.allocator {
            check_device(device, given.device(), || "the allocator".into())?;
            let _ = allocator.set(given);
        }
        let workers = config.workers.map_or_else(processors, std::num::NonZeroUsize::get);
        if workers > MAX_WORKERS {
            let (value, expected) = (workers.to_string(), "at most 1,024");
            return Err(Error::InvalidSetting { setting: "workers", value, expected });
        }
        let number = MANAGERS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let capacity = config.capacity.get();
        Ok(Self(Arc::new(Handle(Arc::new(Shared {
            device: device.clone(),
            queue: queue.clone(),
            workers,
            capacity,
            drop_limit: config.drop_limit,
            allocator,
            number,
            next_id: AtomicU64::new(1),
            state: Mutex::new(State::new(number, capacity, config.kept_errors)),
            ready: AtomicUsize::new(0),
            work: Condvar::new(),
            room: Condvar::new(),
            end: Condvar::new(),
        })))))
    }

    /// The device.
    pub fn device(&self) -> &Device {
        &self.shared().device
    }

    /// The queue.
    pub fn command_queue(&self) -> &CommandQueue {
        &self.shared().queue
    }

    /// An id for one operation.
    #[doc(alias = "GenerateOperationID")]
    pub fn generate_operation_id(&self) -> OperationId {
        let shared = self.shared();
        OperationId { manager: shared.number, number: shared.next_id.fetch_add(1, Ordering::Relaxed) }
    }

    /// Takes an operation and returns; if as many have not ended as the
    /// [capacity](ManagerConfig::capacity) allows, waits for room first. Within an operation of the same manager it does
    /// not wait: that is an error.
    ///
    /// If the operation is refused, its cleanup runs before the call returns, on the calling thread; none of its other
    /// functions does.
    ///
    /// # Errors
    ///
    /// * [`SchedulerError::UnknownOperation`], [`SelfDependency`](SchedulerError::SelfDependency),
    ///   [`DuplicateOperation`](SchedulerError::DuplicateOperation),
    ///   [`ResultForgotten`](SchedulerError::ResultForgotten): about its id or a dependency;
    /// * [`SchedulerError::ShutDown`]; [`SchedulerError::QueueFull`] within an operation;
    /// * [`Error::DeviceMismatch`] if a buffer is of another device, [`Error::ThreadStart`].
    ///
    /// That a dependency has failed already is none: the operation is queued and cancelled.
    #[doc(alias = "QueueOperation")]
    pub fn queue_operation(&self, operation: PendingOperation) -> Result<()> {
        let shared = self.shared();
        shared.enqueue(operation.0, true).map_err(|(mut job, error)| {
            let (id, cleanup) = (job.id, job.cleanup.take());
            let result = guarded(|| {
                let result = cleanup.map_or(Ok(()), |cleanup| cleanup());
                drop(job);
                result
            });
            if let Err(error) = result.unwrap_or_else(|message| Err(Error::Other { message })) {
                shared.cleanup_failed(CleanupError { operation: id, error });
            }
            error
        })
    }

    /// As [`queue_operation`](Self::queue_operation), but never waits, and gives an operation back that it refuses.
    ///
    /// # Errors
    ///
    /// Those of [`queue_operation`](Self::queue_operation), and [`SchedulerError::QueueFull`]; none of the operation's
    /// functions has run.
    pub fn try_queue_operation(&self, operation: PendingOperation) -> Result<(), Rejected> {
        let rejected = |(job, error)| Rejected { operation: PendingOperation(job), error };
        self.shared().enqueue(operation.0, false).map_err(rejected)
    }

    /// Waits until an operation has ended.
    ///
    /// # Errors
    ///
    /// [`Error::Operation`] if it did not succeed; [`SchedulerError::UnknownOperation`] if it was not queued,
    /// [`WouldDeadlock`](SchedulerError::WouldDeadlock), [`TooManyWaits`](SchedulerError::TooManyWaits) or
    /// [`ResultForgotten`](SchedulerError::ResultForgotten).
    #[doc(alias = "WaitForOperation")]
    pub fn wait_for_operation(&self, operation: OperationId) -> Result<()> {
        self.shared().wait_for(operation, None)
    }

    /// Waits until an operation has ended, for so long at most.
    ///
    /// # Errors
    ///
    /// As [`wait_for_operation`](Self::wait_for_operation), and [`SchedulerError::TimedOut`], which cancels nothing.
    pub fn wait_for_operation_timeout(&self, operation: OperationId, limit: Duration) -> Result<()> {
        self.shared().wait_for(operation, Some(limit))
    }

    /// The result of an operation; `None` if it has not ended.
    ///
    /// # Errors
    ///
    /// [`SchedulerError::UnknownOperation`] if it was not queued,
    /// [`ResultForgotten`](SchedulerError::ResultForgotten).
    pub fn operation_result(&self, operation: OperationId) -> Result<Option<Result<()>>> {
        let shared = self.shared();
        let state = shared.lock();
        state.check_known(operation, shared.generated())?;
        Ok(state.result(operation))
    }

    /// Cancels an operation that has not started, and with it those that depend on it; true if that was still
    /// possible.
    ///
    /// # Errors
    ///
    /// [`SchedulerError::UnknownOperation`] if it was not queued,
    /// [`ResultForgotten`](SchedulerError::ResultForgotten).
    pub fn cancel_operation(&self, operation: OperationId) -> Result<bool> {
        let shared = self.shared();
        let mut state = shared.lock();
        state.check_known(operation, shared.generated())?;
        Ok(state.cancel(operation.number))
    }

    /// Numbers of this moment.
    #[doc(alias = "GetStats")]
    pub fn get_stats(&self) -> ManagerStats {
        self.shared().lock().stats
    }

    /// The latest 64 errors and panics of cleanups, and panics of completion handlers, the oldest first. Those are also
    /// events of `tracing`, with the level of warnings.
    pub fn cleanup_errors(&self) -> Vec<CleanupError> {
        self.shared().lock().cleanup_errors.iter().cloned().collect()
    }

    /// From now on notes what is executed and when, the latest operations up to a number; what was noted before is
    /// dropped.
    pub fn start_trace(&self, operations: usize) {
        self.shared().lock().recorder = Some(Recorder::new(operations));
    }

    /// What was noted since [`start_trace`](Self::start_trace), and no longer; empty without it.
    pub fn stop_trace(&self) -> ScheduleTrace {
        let recorder = self.shared().lock().recorder.take();
        recorder.map(Recorder::finish).unwrap_or_default()
    }

    /// The operations that have not ended, as a graph in the language DOT of Graphviz. Arrows lead to operations that
    /// wait; those that are due to buffers are dashed.
    pub fn to_dot(&self) -> String {
        let nodes = self.shared().lock().graph();
        trace::dot(&nodes)
    }

    /// Takes no more operations, and waits until all have ended and the manager's threads with them. May be called
    /// several times, also at the same time.
    ///
    /// # Errors
    ///
    /// [`SchedulerError::InsideOperation`] within one of its operations; nothing has changed then.
    #[doc(alias = "Shutdown")]
    pub fn shutdown(&self) -> Result<()> {
        self.shared().shut_down("shutdown", Stage::Draining, None)
    }

    /// [`shutdown`](Self::shutdown) that waits for so long at most.
    ///
    /// # Errors
    ///
    /// As [`shutdown`](Self::shutdown), and [`SchedulerError::TimedOut`]: no more operations are taken, and those there
    /// are go on.
    pub fn shutdown_timeout(&self, limit: Duration) -> Result<()> {
        self.shared().shut_down("shutdown_timeout", Stage::Draining, Some(limit))
    }

    /// [`shutdown`](Self::shutdown) that cancels operations that have not started, also while another shutdown waits for
    /// them.
    ///
    /// # Errors
    ///
    /// As [`shutdown`](Self::shutdown).
    pub fn shutdown_now(&self) -> Result<()> {
        self.shared().shut_down("shutdown_now", Stage::Cancelling, None)
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.0.0
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// The first number that no id has.
    fn generated(&self) -> u64 {
        self.next_id.load(Ordering::Relaxed)
    }

    /// Where temporaries come from.
    fn allocator(&self) -> Result<&BufferAllocator> {
        if let Some(allocator) = self.allocator.get() {
            return Ok(allocator);
        }
        let allocator = BufferAllocator::new(&self.device, AllocatorConfig::new())?;
        Ok(self.allocator.get_or_init(|| allocator))
    }

    fn enqueue(self: &Arc<Self>, job: Box<Job>, wait: bool) -> Result<(), (Box<Job>, Error)> {
        for buffer in job.inputs.iter().chain(&job.outputs).chain(&job.temporaries) {
            if let Err(error) = check_device(&self.device, buffer.device(), || buffer.describe()) {
                return Err((job, error));
            }
        }
        let mut state = self.lock();
        loop {
            if let Err(error) = state.check(&job, self.generated()) {
                return Err((job, error.into()));
            }
            if !state.is_full() {
                break;
            }
            let inside_operation = self.current_operation().is_some();
            if !wait || inside_operation {
                let (operation, capacity) = (job.id, self.capacity);
                return Err((
                    job,
                    SchedulerError::QueueFull { operation, capacity, inside_operation }.into(),
                ));
            }
            state.waiting_for_room += 1;
            state = sync::wait(&self.room, state);
            state.waiting_for_room -= 1;
        }
        if state.threads.alive == 0
            && let Err(error) = self.start_thread(&mut state)
        {
            let message = error.to_string();
            return Err((job, Error::ThreadStart { purpose: "operations", message }));
        }
        state.add(job);
        self.unlock(state);
        Ok(())
    }

    /// Ends the manager, as far as that goes within the time.
    fn shut_down(self: &Arc<Self>, call: &'static str, stage: Stage, limit: Option<Duration>) -> Result<()> {
        if let Some(number) = self.current_operation() {
            let operation = OperationId { manager: self.number, number };
            return Err(SchedulerError::InsideOperation { call, operation }.into());
        }
        self.close(stage);
        let lent = handlers::in_handler() && self.lend();
        let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
        let mut state = self.lock();
        state.waiting_for_end += 1;
        let mut result = Ok(());
        while !(state.is_empty() && state.threads.alive == 0) {
            let Some(deadline) = deadline else {
                state = sync::wait(&self.end, state);
                continue;
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let limit = limit.unwrap_or_default();
                result = Err(SchedulerError::TimedOut { operation: None, limit }.into());
                break;
            }
            state = sync::wait_timeout(&self.end, state, left).0;
        }
        state.waiting_for_end -= 1;
        state.threads.lent -= usize::from(lent);
        result
    }

    /// Takes no more operations, and starts no more if so asked.
    fn close(self: &Arc<Self>, stage: Stage) {
        let mut state = self.lock();
        state.stage = state.stage.max(stage);
        if stage == Stage::Cancelling {
            state.cancel_all();
        }
        let waiting = state.waiting_for_room > 0;
        let parked = state.threads.parked > 0;
        drop(state);
        if waiting {
            self.room.notify_all();
        }
        if parked {
            self.work.notify_all();
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let shared = &self.0;
        let limit = Some(shared.drop_limit);
        match shared.shut_down("drop", Stage::Draining, limit) {
            Ok(()) => {}
            // Within an operation: the threads end when they have done what there is.
            Err(Error::Scheduler(error)) if matches!(*error, SchedulerError::InsideOperation { .. }) => {
                shared.close(Stage::Draining);
            }
            Err(_) => shared.close(Stage::Cancelling),
        }
    }
}

/// Processors that the process may use.
fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get).min(MAX_WORKERS)
}

impl fmt::Debug for CommandBufferManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommandBufferManager").field("stats", &self.get_stats()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("device", &self.device).finish_non_exhaustive()
    }
}
