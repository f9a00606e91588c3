//! Threads that run completed handlers, apart from the threads that execute kernels: a handler may wait
//! for other work without keeping a device from doing it.
//!
//! The handlers of one queue run one after the other in the order of completion ([`Strand`]); those of
//! different queues do not wait for each other, up to [`MAX_THREADS`].

use std::cell::Cell;
use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::sync::{Monitor, Mutex, lock, thread, thread_local};

/// Most threads of one pool. Only as many start as queues have handlers to run at the same time.
const MAX_THREADS: usize = 64;
/// An idle thread ends after this time, except for the last one.
const IDLE: Duration = Duration::from_secs(2);

type Job = Box<dyn FnOnce() + Send>;

/// The handler threads of a device. Dropping it lets them end when they have run what is there.
pub(crate) struct HandlerPool(Arc<Monitor<State>>);

#[derive(Default)]
struct State {
    ready: VecDeque<Arc<Strand>>,
    threads: usize,
    idle: usize,
    closed: bool,
}

/// Runs jobs one after the other.
#[derive(Default)]
pub(crate) struct Strand(Mutex<StrandState>);

#[derive(Default)]
struct StrandState {
    jobs: VecDeque<Job>,
    /// Whether a thread runs this strand, or it is in the pool's list.
    scheduled: bool,
}

thread_local! {
    static IN_HANDLER: Cell<bool> = const { Cell::new(false) };
}

/// Whether the calling thread runs completed handlers, or operations of a manager: it must not wait for handlers then,
/// since they may wait for it.
pub(crate) fn in_handler() -> bool {
    IN_HANDLER.with(Cell::get)
}

/// Makes the calling thread one of those.
pub(crate) fn enter() {
    IN_HANDLER.with(|flag| flag.set(true));
}

impl HandlerPool {
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    /// Makes sure that there is a thread.
    pub(crate) fn start(&self) -> Result<()> {
        let mut state = self.0.lock();
        if state.threads > 0 {
            return Ok(());
        }
        spawn(&self.0, &mut state)
            .map_err(|e| Error::ThreadStart { purpose: "completed handlers", message: e.to_string() })
    }

    /// Adds a job to a strand.
    pub(crate) fn run(&self, strand: &Arc<Strand>, job: Job) {
        {
            let mut state = lock(&strand.0);
            state.jobs.push_back(job);
            if std::mem::replace(&mut state.scheduled, true) {
                return;
            }
        }
        let mut state = self.0.lock();
        state.ready.push_back(strand.clone());
        if state.idle < state.ready.len() && state.threads < MAX_THREADS {
            // The threads there are take the strand later if the system has no more threads.
            let _ = spawn(&self.0, &mut state);
        }
        drop(state);
        self.0.notify_one();
    }
}

impl Drop for HandlerPool {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.notify_all();
    }
}

impl fmt::Debug for HandlerPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandlerPool").field("threads", &self.0.lock().threads).finish_non_exhaustive()
    }
}

impl fmt::Debug for Strand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Strand").field("jobs", &lock(&self.0).jobs.len()).finish_non_exhaustive()
    }
}

fn spawn(pool: &Arc<Monitor<State>>, state: &mut State) -> std::io::Result<()> {
    let shared = pool.clone();
    thread::Builder::new().name("metal-bridge-handler".into()).spawn(move || work(&shared))?;
    state.threads += 1;
    Ok(())
}

fn work(pool: &Monitor<State>) {
    enter();
    let mut state = pool.lock();
    loop {
        if let Some(strand) = state.ready.pop_front() {
            drop(state);
            run_strand(pool, strand);
            state = pool.lock();
        } else if state.closed {
            break;
        } else {
            state.idle += 1;
            let (guard, timed_out) = pool.wait_timeout(state, IDLE);
            state = guard;
            state.idle -= 1;
            if timed_out && state.ready.is_empty() && state.threads > 1 {
                break;
            }
        }
    }
    state.threads -= 1;
}

/// Runs one job of a strand; puts the strand back if it has more.
fn run_strand(pool: &Monitor<State>, strand: Arc<Strand>) {
    let job = lock(&strand.0).jobs.pop_front();
    if let Some(job) = job {
        // Handlers contain their own panics; this one guards against those in the drops of what they own.
        let _ = catch_unwind(AssertUnwindSafe(job));
    }
    let mut strand_state = lock(&strand.0);
    if strand_state.jobs.is_empty() {
        strand_state.scheduled = false;
    } else {
        drop(strand_state);
        // This thread goes on with it or with an older one: nobody needs to be woken.
        pool.lock().ready.push_back(strand);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn jobs_of_a_strand_run_in_order() {
        let pool = HandlerPool::new();
        let strand = Arc::new(Strand::default());
        let (sender, receiver) = mpsc::channel();
        for i in 0..100 {
            let sender = sender.clone();
            pool.run(&strand, Box::new(move || sender.send(i).unwrap()));
        }
        drop(sender);
        assert_eq!(receiver.iter().collect::<Vec<_>>(), (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn strands_do_not_wait_for_each_other() {
        let pool = HandlerPool::new();
        let (blocked, free) = (Arc::new(Strand::default()), Arc::new(Strand::default()));
        let (sender, receiver) = mpsc::channel();
        let (done, finished) = mpsc::channel();
        pool.run(&blocked, Box::new(move || done.send(receiver.recv().unwrap()).unwrap()));
        pool.run(&free, Box::new(move || sender.send(7).unwrap()));
        assert_eq!(finished.recv(), Ok(7));
    }

    #[test]
    fn a_panic_ends_neither_thread_nor_strand() {
        let pool = HandlerPool::new();
        let strand = Arc::new(Strand::default());
        let (sender, receiver) = mpsc::channel();
        pool.run(&strand, Box::new(|| std::panic::resume_unwind(Box::new("deliberate"))));
        pool.run(&strand, Box::new(move || sender.send(()).unwrap()));
        assert_eq!(receiver.recv(), Ok(()));
    }

    #[test]
    fn what_is_queued_runs_although_the_pool_is_dropped() {
        let pool = HandlerPool::new();
        let strand = Arc::new(Strand::default());
        let (sender, receiver) = mpsc::channel();
        for i in 0..10 {
            let sender = sender.clone();
            pool.run(&strand, Box::new(move || sender.send(i).unwrap()));
        }
        drop((pool, sender));
        assert_eq!(receiver.iter().count(), 10);
    }
}
