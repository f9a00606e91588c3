//! How a manager is set up.

use std::num::NonZeroUsize;
use std::time::Duration;

use crate::allocator::BufferAllocator;

/// Default of [`ManagerConfig::capacity`].
const CAPACITY: usize = 1 << 16;
/// Default of [`ManagerConfig::kept_errors`].
const KEPT_ERRORS: usize = 4096;
/// Default of [`ManagerConfig::drop_limit`].
const DROP_LIMIT: Duration = Duration::from_secs(10);
/// Most workers.
pub(super) const MAX_WORKERS: usize = 1024;

/// How a [`CommandBufferManager`](super::CommandBufferManager) is set up.
#[derive(Clone, Debug)]
pub struct ManagerConfig {
    pub(super) workers: Option<NonZeroUsize>,
    pub(super) capacity: NonZeroUsize,
    pub(super) kept_errors: usize,
    pub(super) drop_limit: Duration,
    pub(super) allocator: Option<BufferAllocator>,
}

impl ManagerConfig {
    /// The defaults, which each method documents.
    pub fn new() -> Self {
        Self {
            workers: None,
            capacity: NonZeroUsize::new(CAPACITY).unwrap_or(NonZeroUsize::MIN),
            kept_errors: KEPT_ERRORS,
            drop_limit: DROP_LIMIT,
            allocator: None,
        }
    }

    /// Most operations that execute at the same time, at most 1,024; by default one per processor that the process may
    /// use. Threads start when there is work for them. An operation that waits for another does not count while it waits,
    /// and while a completed handler of a command buffer waits for an operation, one more may execute: what is waited
    /// for finds a thread.
    #[must_use]
    pub fn workers(mut self, workers: NonZeroUsize) -> Self {
        self.workers = Some(workers);
        self
    }

    /// Most operations that are queued and have not ended; 65,536 by default. When there are so many, queueing waits, or
    /// is an error ([`try_queue_operation`](super::CommandBufferManager::try_queue_operation)).
    #[must_use]
    pub fn capacity(mut self, operations: NonZeroUsize) -> Self {
        self.capacity = operations;
        self
    }

    /// Most errors of operations that are kept; 4,096 by default. Of operations that failed before those, only that they
    /// did not succeed is known.
    #[must_use]
    pub fn kept_errors(mut self, errors: usize) -> Self {
        self.kept_errors = errors;
        self
    }

    /// How long dropping the last handle of the manager waits for operations to end before it cancels those that have not
    /// started; 10 seconds by default.
    #[must_use]
    pub fn drop_limit(mut self, limit: Duration) -> Self {
        self.drop_limit = limit;
        self
    }

    /// Where [`temporary`](super::PendingOperation::temporary) buffers come from; by default an allocator of the manager's
    /// own. It must be of the manager's device.
    #[must_use]
    pub fn allocator(mut self, allocator: &BufferAllocator) -> Self {
        self.allocator = Some(allocator.clone());
        self
    }
}

impl Default for ManagerConfig {
    fn default() -> Self {
        Self::new()
    }
}
