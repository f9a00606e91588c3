//! Numbers of a manager, and errors that are nobody's result.

use super::operation::OperationId;
use crate::error::Error;

/// What a manager has done and has to do: true at the moment of the call. At every moment
/// `queued` = `executed` + `failed` + `cancelled` + `pending` + `in_flight`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ManagerStats {
    /// Operations queued so far.
    pub queued: u64,
    /// Operations that succeeded.
    pub executed: u64,
    /// Operations that failed themselves: by an error, a panic, or a completer that was dropped.
    pub failed: u64,
    /// Operations that were cancelled, also for a dependency.
    pub cancelled: u64,
    /// Operations that have not started.
    pub pending: usize,
    /// Operations that have started and not ended.
    pub in_flight: usize,
    /// Most operations that had not ended at one time.
    pub peak: usize,
    /// Cleanups that failed or panicked.
    pub cleanup_errors: u64,
}

/// A cleanup that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CleanupError {
    /// Its operation.
    pub operation: OperationId,
    /// What it returned; a panic is an [`Error::Other`] with its message.
    pub error: Error,
}
