//! Waiting for an operation to end.

use std::cell::{Cell, RefCell};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::error::{OperationError, SchedulerError};
use super::operation::OperationId;
use super::{LOOK_FOR, Shared};
use crate::error::Result;
use crate::handlers;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Monitor, look_for, thread_local};

/// Most threads of a manager whose operations wait for others.
const MAX_LENT: usize = 256;

thread_local! {
    /// The manager whose worker this thread is.
    static WORKER: RefCell<Option<Weak<Shared>>> = const { RefCell::new(None) };
    /// The operation of that manager whose functions run.
    static OPERATION: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Makes the calling thread a worker of a manager.
pub(super) fn set_worker(shared: &Arc<Shared>) {
    WORKER.with(|worker| *worker.borrow_mut() = Some(Arc::downgrade(shared)));
}

/// Says which operation's functions the calling worker runs.
pub(super) fn set_operation(id: Option<u64>) {
    OPERATION.with(|operation| operation.set(id));
}

/// The operation within which the calling thread is, and its manager.
fn current() -> Option<(Arc<Shared>, u64)> {
    let id = OPERATION.with(Cell::get)?;
    let shared = WORKER.with(|worker| worker.borrow().as_ref().and_then(Weak::upgrade))?;
    Some((shared, id))
}

/// By which the end of one operation is told to all who wait for it.
#[derive(Debug, Default)]
pub(super) struct Signal {
    told: AtomicBool,
    result: Monitor<Option<Result<(), OperationError>>>,
}

impl Signal {
    pub(super) fn tell(&self, result: Result<(), OperationError>) {
        *self.result.lock() = Some(result);
        self.told.store(true, Ordering::Release);
        self.result.notify_all();
    }

    fn is_told(&self) -> bool {
        self.told.load(Ordering::Acquire)
    }

    /// The result, or `None` when the deadline has passed.
    fn wait(&self, deadline: Option<Instant>) -> Option<Result<(), OperationError>> {
        let mut result = self.result.lock();
        loop {
            if result.is_some() {
                return result.clone();
            }
            result = match deadline {
                None => self.result.wait(result),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return None;
                    }
                    self.result.wait_timeout(result, left).0
                }
            };
        }
    }
}

impl Shared {
    /// The operation of this manager within which the calling thread is.
    pub(super) fn current_operation(&self) -> Option<u64> {
        let id = OPERATION.with(Cell::get)?;
        let here = |worker: &Weak<Self>| std::ptr::eq(worker.as_ptr(), self);
        WORKER.with(|worker| worker.borrow().as_ref().is_some_and(here)).then_some(id)
    }

    /// Waits for an operation, for so long at most.
    pub(super) fn wait_for(self: &Arc<Self>, operation: OperationId, limit: Option<Duration>) -> Result<()> {
        let id = operation.number;
        let mut state = self.lock();
        state.check_known(operation, self.generated())?;
        if let Some(result) = state.result(operation) {
            return result;
        }
        let inside = self.current_operation();
        if let Some(waiting) = inside {
            state.begin_wait_inside(waiting, id)?;
        }
        let signal = state.signal(id);
        drop(state);
        let Some(signal) = signal else { return Ok(()) };
        // A limit beyond what the clock can tell is none.
        let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
        let result = self.wait_lending(&signal, deadline);
        if let Some(waiting) = inside {
            self.lock().end_wait_inside(waiting, id);
        }
        match (result?, limit) {
            (Some(result), _) => Ok(result?),
            (None, limit) => {
                let (operation, limit) = (Some(operation), limit.unwrap_or_default());
                Err(SchedulerError::TimedOut { operation, limit }.into())
            }
        }
    }

    /// Waits. If operations may need the calling thread meanwhile, lends its place to another.
    fn wait_lending(
        self: &Arc<Self>,
        signal: &Signal,
        deadline: Option<Instant>,
    ) -> Result<Option<Result<(), OperationError>>> {
        let patience = deadline
            .map_or(LOOK_FOR, |deadline| deadline.saturating_duration_since(Instant::now()).min(LOOK_FOR));
        if look_for(patience, || signal.is_told()) {
            return Ok(signal.wait(deadline));
        }
        let lender = match current() {
            Some((shared, _)) => {
                if !shared.lend() {
                    return Err(SchedulerError::TooManyWaits { limit: MAX_LENT }.into());
                }
                Some(shared)
            }
            None => (handlers::in_handler() && self.lend()).then(|| self.clone()),
        };
        let result = signal.wait(deadline);
        if let Some(lender) = lender {
            lender.lock().threads.lent -= 1;
        }
        Ok(result)
    }

    /// Lets one more worker run; false if too many threads have done so.
    pub(super) fn lend(self: &Arc<Self>) -> bool {
        let mut state = self.lock();
        if state.threads.lent >= MAX_LENT {
            return false;
        }
        state.threads.lent += 1;
        self.unlock(state);
        true
    }
}
