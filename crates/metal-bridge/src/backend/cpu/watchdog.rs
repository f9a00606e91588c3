//! Stops work that runs longer than the time limit.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::region::Region;
use crate::error::{Error, Result};
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Monitor, Mutex, lock, thread};

/// A thread that looks after the regions that are being worked on. It sleeps while there are none.
/// Dropping it ends the thread.
pub(super) struct Watchdog(Arc<Shared>);

struct Shared {
    limit: Duration,
    /// What each worker drives.
    slots: Box<[Mutex<Option<Watched>>]>,
    /// Whether the thread looks again by itself.
    awake: AtomicBool,
    closed: Monitor<bool>,
}

struct Watched {
    since: Instant,
    region: Arc<Region>,
}

impl Watchdog {
    pub(super) fn new(limit: Duration, workers: usize) -> Result<Self> {
        let shared = Arc::new(Shared {
            limit,
            slots: (0..workers).map(|_| Mutex::new(None)).collect(),
            awake: AtomicBool::new(false),
            closed: Monitor::new(false),
        });
        let thread = shared.clone();
        thread::Builder::new()
            .name("metal-bridge-watchdog".into())
            .spawn(move || thread.watch())
            .map_err(|e| Error::ThreadStart { purpose: "the time limit", message: e.to_string() })?;
        Ok(Self(shared))
    }

    /// Watches the region that a worker drives, until [`forget`](Self::forget).
    pub(super) fn watch(&self, worker: usize, region: Arc<Region>) {
        *lock(&self.0.slots[worker]) = Some(Watched { since: Instant::now(), region });
        // The thread falls asleep in the other order: it says so, then looks once more.
        if !self.0.awake.swap(true, Ordering::SeqCst) {
            drop(self.0.closed.lock());
            self.0.closed.notify_all();
        }
    }

    pub(super) fn forget(&self, worker: usize) {
        *lock(&self.0.slots[worker]) = None;
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        *self.0.closed.lock() = true;
        self.0.closed.notify_all();
    }
}

impl Shared {
    fn watch(&self) {
        let period = (self.limit / 16).clamp(Duration::from_millis(1), Duration::from_secs(1));
        let mut closed = self.closed.lock();
        while !*closed {
            if self.awake.load(Ordering::SeqCst) {
                let next = Instant::now() + period;
                while !*closed {
                    let left = next.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        break;
                    }
                    closed = self.closed.wait_timeout(closed, left).0;
                }
                if !self.look() {
                    self.awake.store(false, Ordering::SeqCst);
                    if self.look() {
                        self.awake.store(true, Ordering::SeqCst);
                    }
                }
            } else {
                closed = self.closed.wait(closed);
            }
        }
    }

    /// Stops what has run too long; whether there is anything to look after.
    fn look(&self) -> bool {
        let mut any = false;
        for slot in &self.slots {
            if let Some(watched) = &*lock(slot) {
                any = true;
                if watched.since.elapsed() >= self.limit {
                    watched.region.time_out();
                }
            }
        }
        any
    }
}

impl fmt::Debug for Watchdog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watchdog").field("limit", &self.0.limit).finish_non_exhaustive()
    }
}
