//! The worker threads.

use std::collections::VecDeque;
use std::fmt;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::queue::QueueState;
use super::region::{Cost, RANGE, Ranges, Region, Scratch, Work};
use super::watchdog::Watchdog;
use crate::error::{Error, Result};
use crate::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use crate::sync::{self, Monitor, thread};

/// Work that is expected to be shorter is done by one worker: waking others takes as long.
const WORTH_SHARING: Duration = Duration::from_micros(15);
/// Handing out a range takes a fraction of it.
const SHORTEST: Duration = Duration::from_micros(2);
/// How long an idle worker looks for work, and a host that waits for the end of it, before it goes to sleep.
const LOOK_FOR: Duration = Duration::from_micros(50);
/// Kernels keep their private arrays on the stack. Only what is touched takes memory.
const STACK: usize = 16 << 20;

/// The workers of a device. Dropping it lets them end; nobody waits for that, since the last handle of a device
/// may be dropped by a worker itself.
#[derive(Debug)]
pub(super) struct Pool {
    shared: Arc<Shared>,
}

/// What the workers have in common.
pub(super) struct Shared {
    tasks: Monitor<Tasks>,
    /// Queues and regions in `tasks`, so that one can look without a lock.
    pending: AtomicUsize,
    /// Queues in `tasks`: they go before regions that others work on already.
    pending_queues: AtomicUsize,
    /// Whether a worker is looking for work; one at a time.
    looking: AtomicBool,
    look_for: Duration,
    workers: usize,
    time_limit: Option<Duration>,
    watchdog: Option<Watchdog>,
}

#[derive(Default)]
struct Tasks {
    queues: VecDeque<Arc<QueueState>>,
    /// Regions that want more workers, and how many.
    regions: VecDeque<(Arc<Region>, usize)>,
    sleeping: usize,
    closed: bool,
}

enum Task {
    Drive(Arc<QueueState>),
    Help(Arc<Region>),
}

/// What a worker has for itself.
pub(super) struct Worker<'a> {
    shared: &'a Arc<Shared>,
    index: usize,
    pub(super) scratch: Scratch,
}

/// How long threads look before they sleep: not at all where they would keep others from the one processor.
pub(super) fn look_for() -> Duration {
    if super::system::processors().get() > 1 { LOOK_FOR } else { Duration::ZERO }
}

impl Pool {
    pub(super) fn new(workers: NonZeroUsize, time_limit: Option<Duration>) -> Result<Self> {
        let workers = workers.get();
        let watchdog = time_limit.map(|limit| Watchdog::new(limit, workers)).transpose()?;
        let shared = Arc::new(Shared {
            tasks: Monitor::default(),
            pending: AtomicUsize::new(0),
            pending_queues: AtomicUsize::new(0),
            looking: AtomicBool::new(false),
            look_for: look_for(),
            workers,
            time_limit,
            watchdog,
        });
        let pool = Self { shared };
        for index in 0..workers {
            let shared = pool.shared.clone();
            // If one fails, dropping the pool ends those before it.
            thread::Builder::new()
                .name(format!("metal-bridge-{index}"))
                .stack_size(STACK)
                .spawn(move || Worker { shared: &shared, index, scratch: Scratch::default() }.run())
                .map_err(|e| Error::ThreadStart { purpose: "executing kernels", message: e.to_string() })?;
        }
        Ok(pool)
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.tasks.lock().closed = true;
        self.shared.tasks.notify_all();
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("workers", &self.workers).finish_non_exhaustive()
    }
}

impl Shared {
    /// Has a worker drive a queue.
    pub(super) fn add_queue(&self, queue: Arc<QueueState>) {
        let mut tasks = self.tasks.lock();
        tasks.queues.push_back(queue);
        self.changed(&tasks);
        let wake = tasks.sleeping > 0 && !self.looking.load(Ordering::SeqCst);
        drop(tasks);
        if wake {
            self.tasks.notify_one();
        }
    }

    /// Invites so many workers to a region.
    fn add_region(&self, region: Arc<Region>, helpers: usize) {
        let mut tasks = self.tasks.lock();
        tasks.regions.push_back((region, helpers));
        self.changed(&tasks);
        let wake = tasks.sleeping > 0 && !self.looking.load(Ordering::SeqCst);
        drop(tasks);
        if wake {
            self.tasks.notify_one();
        }
    }

    /// Withdraws the invitation.
    fn remove_region(&self, region: &Arc<Region>) {
        let mut tasks = self.tasks.lock();
        tasks.regions.retain(|(other, _)| !Arc::ptr_eq(other, region));
        self.changed(&tasks);
    }

    /// Whether queues wait for a worker.
    pub(super) fn has_waiting_queues(&self) -> bool {
        self.pending_queues.load(Ordering::Relaxed) > 0
    }

    /// To be called under the lock after each change of the lists.
    fn changed(&self, tasks: &Tasks) {
        self.pending.store(tasks.queues.len() + tasks.regions.len(), Ordering::Release);
        self.pending_queues.store(tasks.queues.len(), Ordering::Relaxed);
    }

    /// The next thing to do; `None` when the pool is closed.
    fn next(&self) -> Option<Task> {
        self.look();
        let mut tasks = self.tasks.lock();
        loop {
            let task = if let Some(queue) = tasks.queues.pop_front() {
                Some(Task::Drive(queue))
            } else if let Some((region, wanted)) = tasks.regions.front_mut() {
                let region = region.clone();
                *wanted -= 1;
                if *wanted == 0 {
                    tasks.regions.pop_front();
                }
                Some(Task::Help(region))
            } else {
                None
            };
            if task.is_some() {
                self.changed(&tasks);
                // Who adds work wakes one worker at most: each that wakes up wakes the next.
                let more = !(tasks.queues.is_empty() && tasks.regions.is_empty());
                let wake = more && tasks.sleeping > 0;
                drop(tasks);
                if wake {
                    self.tasks.notify_one();
                }
                return task;
            }
            if tasks.closed {
                return None;
            }
            tasks.sleeping += 1;
            tasks = self.tasks.wait(tasks);
            tasks.sleeping -= 1;
        }
    }

    /// Looks for work for a short time: shorter than being woken.
    fn look(&self) {
        if self.look_for.is_zero() || self.looking.swap(true, Ordering::SeqCst) {
            return;
        }
        sync::look_for(self.look_for, || self.pending.load(Ordering::Acquire) > 0);
        // Before the lists are looked at under the lock: who saw the flag set had added its work before that.
        self.looking.store(false, Ordering::SeqCst);
    }
}

impl Worker<'_> {
    fn run(mut self) {
        while let Some(task) = self.shared.next() {
            match task {
                Task::Drive(queue) => {
                    // The queue contains panics of the work. What is left would be a bug of ours; the rest of
                    // the queue does not have to suffer for it.
                    let drive = AssertUnwindSafe(|| queue.clone().drive(&mut self));
                    if catch_unwind(drive).is_err() {
                        self.shared.add_queue(queue);
                    }
                }
                Task::Help(region) => self.help(&region),
            }
        }
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        self.shared
    }

    fn help(&mut self, region: &Arc<Region>) {
        let shared = self.shared;
        region.take_part(&mut self.scratch, || shared.has_waiting_queues());
        if shared.has_waiting_queues() && !region.is_exhausted() {
            // Come back when the queue is done.
            shared.add_region(region.clone(), 1);
        }
    }

    /// Does some work and waits for its end. Other workers help if there is enough of it.
    ///
    /// `cost` and `threads_per_unit` tell how much there is, if that is known.
    pub(super) fn perform(
        &mut self,
        work: impl Work + 'static,
        units: u64,
        cost: Option<(&Cost, f64)>,
    ) -> Result<()> {
        let shared = self.shared;
        let unit_cost = cost.and_then(|(cost, threads)| Some(cost.nanoseconds()? * threads));
        let helpers = (shared.workers - 1).min(usize::try_from(units - 1).unwrap_or(usize::MAX));
        let mut is_small = unit_cost
            .is_some_and(|nanoseconds| nanoseconds * (units as f64) < WORTH_SHARING.as_nanos() as f64);
        let units_in = |time: Duration| unit_cost.map_or(1, |cost| (time.as_nanos() as f64 / cost) as u64);
        let ranges = if is_small {
            Ranges { divisor: 2, least: units.div_ceil(4), most: units }
        } else {
            Ranges { divisor: 4 * shared.workers, least: units_in(SHORTEST), most: units_in(RANGE) }
        };
        let region: Arc<Region> = Arc::new(Region::new(work, units, ranges));
        if let Some(watchdog) = &shared.watchdog {
            watchdog.watch(self.index, region.clone());
        }
        let start = Instant::now();
        let share = || {
            if helpers > 0 {
                shared.add_region(region.clone(), helpers);
            }
        };
        if !is_small {
            share();
        }
        let (done, elapsed) = region.take_part(&mut self.scratch, || {
            if is_small && start.elapsed() > WORTH_SHARING && !region.is_exhausted() {
                is_small = false;
                share();
            }
            false
        });
        if helpers > 0 && !is_small {
            shared.remove_region(&region);
        }
        region.wait_until_left();
        if let (Some((cost, threads)), true) = (cost, done > 0) {
            cost.learn(threads * done as f64, elapsed);
        }
        if let Some(watchdog) = &shared.watchdog {
            watchdog.forget(self.index);
        }
        region.result(shared.time_limit)
    }
}
