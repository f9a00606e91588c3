//! Errors of work that nobody waits for.

use crate::error::Error;
use crate::sync::atomic::{AtomicBool, Ordering};

/// What ended some work, and whether anybody knows: whoever asks the work for its error, or else the first to look at
/// what it should have written.
#[derive(Debug)]
pub(crate) struct Failure {
    error: Error,
    told: AtomicBool,
}

impl Failure {
    pub(crate) fn new(error: Error) -> Self {
        Self { error, told: AtomicBool::new(false) }
    }

    /// The error, for somebody who asks for it.
    pub(crate) fn tell(&self) -> Error {
        self.told.store(true, Ordering::Relaxed);
        self.error.clone()
    }

    /// The error, if nobody has been told it.
    pub(crate) fn tell_first(&self) -> Option<Error> {
        (!self.told.swap(true, Ordering::Relaxed)).then(|| self.error.clone())
    }
}
