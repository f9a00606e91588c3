//! Locks without poisoning: nothing of this crate panics while it holds one, and user code never runs
//! under one.
//!
//! With `--cfg shuttle`, what threads share is [shuttle's](https://docs.rs/shuttle), which tries many orders of
//! their steps; `tests/orders.rs` uses that.

use std::sync::PoisonError;
use std::time::Duration;

#[cfg(shuttle)]
pub(crate) use shuttle::{
    sync::{Condvar, Mutex, MutexGuard, atomic},
    thread, thread_local,
};
#[cfg(not(shuttle))]
pub(crate) use std::{
    sync::{Condvar, Mutex, MutexGuard, atomic},
    thread, thread_local,
};

use atomic::{AtomicUsize, Ordering};

/// Locks a mutex.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for a condition variable's notification; may return without one.
pub(crate) fn wait<'a, T>(condvar: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
    condvar.wait(guard).unwrap_or_else(PoisonError::into_inner)
}

/// [`wait`], or until the time is over, which the second value tells.
pub(crate) fn wait_timeout<'a, T>(
    condvar: &Condvar,
    guard: MutexGuard<'a, T>,
    timeout: Duration,
) -> (MutexGuard<'a, T>, bool) {
    let (guard, result) = condvar.wait_timeout(guard, timeout).unwrap_or_else(PoisonError::into_inner);
    (guard, result.timed_out())
}

/// Looks for a condition for a short time: what comes within microseconds comes sooner so than by going to
/// sleep.
///
/// Gives way each time: whoever is to make the condition true may be waiting for this very processor.
#[cfg(not(shuttle))]
pub(crate) fn look_for(limit: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let start = std::time::Instant::now();
    loop {
        if condition() {
            return true;
        }
        if start.elapsed() >= limit {
            return false;
        }
        thread::yield_now();
    }
}

/// Looks for a condition once: what matters is what happens when it is not found.
#[cfg(shuttle)]
pub(crate) fn look_for(limit: Duration, mut condition: impl FnMut() -> bool) -> bool {
    thread::yield_now();
    !limit.is_zero() && condition()
}

/// State under a lock whose changes can be waited for. Notifying costs no system call if nobody waits.
#[derive(Debug, Default)]
pub(crate) struct Monitor<T> {
    state: Mutex<T>,
    changed: Condvar,
    /// Changed under the lock only, so a notifier that has changed the state under the lock sees
    /// everybody who waits for that change.
    waiters: AtomicUsize,
}

impl<T> Monitor<T> {
    pub(crate) fn new(state: T) -> Self {
        Self { state: Mutex::new(state), changed: Condvar::new(), waiters: AtomicUsize::new(0) }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        lock(&self.state)
    }

    /// Waits for a notification; may return without one.
    pub(crate) fn wait<'a>(&'a self, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        self.waiters.fetch_add(1, Ordering::Relaxed);
        let guard = wait(&self.changed, guard);
        self.waiters.fetch_sub(1, Ordering::Relaxed);
        guard
    }

    /// Waits for a notification, or until the time is over, which the second value tells.
    pub(crate) fn wait_timeout<'a>(
        &'a self,
        guard: MutexGuard<'a, T>,
        timeout: Duration,
    ) -> (MutexGuard<'a, T>, bool) {
        self.waiters.fetch_add(1, Ordering::Relaxed);
        let result = wait_timeout(&self.changed, guard, timeout);
        self.waiters.fetch_sub(1, Ordering::Relaxed);
        result
    }

    /// Wakes one waiter. To be called after a change made under the lock.
    pub(crate) fn notify_one(&self) {
        if self.waiters.load(Ordering::Relaxed) > 0 {
            self.changed.notify_one();
        }
    }

    /// Wakes all waiters. To be called after a change made under the lock.
    pub(crate) fn notify_all(&self) {
        if self.waiters.load(Ordering::Relaxed) > 0 {
            self.changed.notify_all();
        }
    }
}
