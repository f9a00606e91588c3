//! The threads that execute operations.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use super::error::{Cause, OperationError};
use super::operation::{Completer, Completion, Execute, Job, OperationContext};
use super::state::{Begun, Stage, State, Task};
use super::stats::CleanupError;
use super::trace::Span;
use super::wait::{Signal, set_operation, set_worker};
use super::{LOOK_FOR, Shared};
use crate::clock;
use crate::command_buffer::{CommandBufferStatus, panic_message};
use crate::error::{Error, Result};
use crate::handlers;
use crate::sync::{self, MutexGuard, atomic::Ordering, look_for, thread};

/// A thread without work ends after this time.
const IDLE: Duration = Duration::from_secs(2);

/// How an operation ended.
struct Ended {
    result: Result<(), OperationError>,
    span: Option<Span>,
}

/// Who is to be told of an end, once the lock is released.
type Telling = Option<(Arc<Signal>, Result<(), OperationError>)>;

impl Shared {
    /// Starts a thread, which counts as searching.
    pub(super) fn start_thread(self: &Arc<Self>, state: &mut State) -> std::io::Result<()> {
        let threads = &mut state.threads;
        let number = threads.numbers.iter().position(|taken| !taken).unwrap_or(threads.numbers.len());
        let shared = self.clone();
        thread::Builder::new().name("metal-bridge-operation".into()).spawn(move || work(&shared, number))?;
        match threads.numbers.get_mut(number) {
            Some(taken) => *taken = true,
            None => threads.numbers.push(true),
        }
        state.threads.alive += 1;
        state.threads.searching += 1;
        Ok(())
    }

    /// Releases the lock after a change, and wakes or starts a thread if there is work that nobody is going to look at.
    /// Each thread that takes work does the same, so one is enough.
    pub(super) fn unlock(self: &Arc<Self>, mut state: MutexGuard<'_, State>) {
        let ready = state.ready();
        self.ready.store(ready, Ordering::Relaxed);
        let places = self.places(&state);
        let threads = &mut state.threads;
        let mut call = false;
        if ready.min(places.saturating_sub(threads.running)) > threads.searching {
            if threads.parked > 0 {
                threads.parked -= 1;
                threads.searching += 1;
                threads.called += 1;
                call = true;
            } else if threads.alive < places {
                // The threads there are do the work if the system has no more of them.
                let _ = self.start_thread(&mut state);
            }
        }
        drop(state);
        if call {
            self.work.notify_one();
        }
    }

    /// How many operations may run.
    fn places(&self, state: &State) -> usize {
        self.workers + state.threads.lent
    }

    /// An asynchronous operation is told its result; `None` if it was abandoned.
    pub(super) fn completed(self: &Arc<Self>, id: u64, result: Option<Result<()>>) {
        let mut state = self.lock();
        state.tell(id, result);
        self.unlock(state);
    }
}

/// What a thread of a manager does. It is counted as searching when it starts, and its number is taken.
fn work(shared: &Arc<Shared>, number: usize) {
    set_worker(shared);
    // A completed handler may wait for an operation, so operations do not wait for handlers.
    handlers::enter();
    let mut state = shared.lock();
    loop {
        if state.threads.running < shared.places(&state)
            && let Some(task) = state.next()
        {
            state = work_on(shared, number, task, state);
            continue;
        }
        if state.stage > Stage::Open && state.is_empty() {
            state.threads.searching -= 1;
            break;
        }
        drop(state);
        look_for(LOOK_FOR, || shared.ready.load(Ordering::Relaxed) > 0);
        state = shared.lock();
        if state.ready() > 0 && state.threads.running < shared.places(&state)
            || state.stage > Stage::Open && state.is_empty()
        {
            continue;
        }
        state.threads.searching -= 1;
        state.threads.parked += 1;
        let called;
        (state, called) = park(shared, state);
        if !called {
            break;
        }
    }
    state.threads.numbers[number] = false;
    state.threads.alive -= 1;
    if state.threads.alive == 0 && state.waiting_for_end > 0 {
        shared.end.notify_all();
    }
}

/// Sleeps until there is work; false if the thread should end.
fn park<'a>(shared: &'a Shared, mut state: MutexGuard<'a, State>) -> (MutexGuard<'a, State>, bool) {
    loop {
        if state.threads.called > 0 {
            // Who called has counted this thread as searching.
            state.threads.called -= 1;
            return (state, true);
        }
        let timed_out;
        (state, timed_out) = sync::wait_timeout(&shared.work, state, IDLE);
        // One thread stays as long as an operation may come back.
        let idle = timed_out && (state.is_empty() || state.threads.alive > 1);
        let closed = state.stage > Stage::Open && state.is_empty();
        if state.threads.called == 0 && (idle || closed) {
            state.threads.parked -= 1;
            return (state, false);
        }
    }
}

/// Does a task, and those that are ready after it.
fn work_on<'a>(
    shared: &'a Arc<Shared>,
    number: usize,
    task: Task,
    mut state: MutexGuard<'a, State>,
) -> MutexGuard<'a, State> {
    state.threads.searching -= 1;
    state.threads.running += 1;
    let mut next = Some(task);
    let mut telling: Telling = None;
    while let Some(task) = next.take() {
        let recording = state.recorder.is_some();
        shared.unlock(state);
        if let Some((signal, result)) = telling.take() {
            signal.tell(result);
        }
        let (id, ended) = perform(shared, number, task, recording);
        state = shared.lock();
        if let Some(Ended { result, span }) = ended {
            telling = state.finish(id, &result, span).map(|signal| (signal, result));
            if state.waiting_for_room > 0 {
                shared.room.notify_one();
            }
            if state.stage > Stage::Open && state.is_empty() {
                shared.work.notify_all();
                if state.waiting_for_end > 0 {
                    shared.end.notify_all();
                }
            }
        }
        if state.threads.running <= shared.places(&state) {
            next = state.next();
        }
        shared.ready.store(state.ready(), Ordering::Relaxed);
    }
    state.threads.running -= 1;
    state.threads.searching += 1;
    if let Some((signal, result)) = telling {
        drop(state);
        signal.tell(result);
        state = shared.lock();
    }
    state
}

/// Runs the functions of an operation as far as they can run now; `None` if it goes on without a thread.
fn perform(shared: &Arc<Shared>, number: usize, task: Task, recording: bool) -> (u64, Option<Ended>) {
    let started = |job: &mut Job| {
        if recording {
            let begin = clock::seconds();
            job.span = Some(Span { begin, end: begin, worker: number, asynchronous: false });
        }
    };
    match task {
        Task::Cancel { id, mut job, error } => {
            started(&mut job);
            (id, Some(end(shared, job, Err(error))))
        }
        Task::End { id, job, result } => {
            let result = told(&job, result);
            (id, Some(end(shared, job, result)))
        }
        Task::Execute { id, mut job } => {
            started(&mut job);
            match begin(shared, &mut job) {
                Ok(false) => (id, Some(end(shared, job, Ok(())))),
                Ok(true) => {
                    if let Some(span) = &mut job.span {
                        span.asynchronous = true;
                    }
                    let begun = shared.lock().begun(id, job);
                    let Begun::Told(job, result) = begun else { return (id, None) };
                    let result = told(&job, result);
                    (id, Some(end(shared, job, result)))
                }
                Err(cause) => {
                    let error = OperationError::new(job.name(), cause);
                    (id, Some(end(shared, job, Err(error))))
                }
            }
        }
    }
}

/// The result of an asynchronous operation.
fn told(job: &Job, result: Option<Result<()>>) -> Result<(), OperationError> {
    let cause = match result {
        Some(Ok(())) => return Ok(()),
        Some(Err(error)) => Cause::Failed(error),
        None => Cause::Abandoned,
    };
    Err(OperationError::new(job.name(), cause))
}

/// Executes an operation; true if it goes on after that.
fn begin(shared: &Arc<Shared>, job: &mut Job) -> Result<bool, Cause> {
    set_operation(Some(job.id.number));
    let result = guarded(|| {
        let (id, label) = (job.id.number, job.label.as_deref().unwrap_or_default());
        let _span = tracing::debug_span!("operation", id, label).entered();
        for (length, options) in std::mem::take(&mut job.to_allocate) {
            job.temporaries.push(shared.allocator()?.allocate(length, options)?);
        }
        let execute = job.execute.take();
        let context = OperationContext { job, shared };
        match execute {
            None => Ok(false),
            Some(Execute::Function(function)) => function(&context).map(|()| false),
            Some(Execute::Asynchronous(function)) => {
                function(&context, Completer::new(shared.clone(), id)).map(|()| true)
            }
            Some(Execute::CommandBuffer(function)) => {
                let command_buffer = shared.queue.new_command_buffer();
                command_buffer.set_label(context.label());
                function(&context, &command_buffer)?;
                if command_buffer.status() == CommandBufferStatus::NotEnqueued {
                    command_buffer.commit()?;
                }
                let completer = Completer::new(shared.clone(), id);
                command_buffer.when_ended(Box::new(move |result| completer.complete(result)));
                Ok(true)
            }
        }
    });
    set_operation(None);
    match result {
        Ok(result) => result.map_err(Cause::Failed),
        Err(message) => Err(Cause::Panicked(message)),
    }
}

/// Ends an operation: its cleanup, its handler, and the drop of all that it holds.
fn end(shared: &Arc<Shared>, mut job: Box<Job>, result: Result<(), OperationError>) -> Ended {
    let operation = job.id;
    set_operation(Some(operation.number));
    if let Err(error) = &result {
        let _ = guarded(|| tracing::debug!(id = operation.number, %error, "operation did not succeed"));
    }
    let cleanup = match job.cleanup.take() {
        None => Ok(()),
        Some(cleanup) => guarded(cleanup).unwrap_or_else(|message| Err(Error::Other { message })),
    };
    if let Err(error) = &cleanup {
        shared.cleanup_failed(CleanupError { operation, error: error.clone() });
    }
    if let Some(on_complete) = job.on_complete.take() {
        let completion =
            Completion { id: operation, label: job.label.clone(), result: result.clone(), cleanup };
        if let Err(message) = guarded(|| on_complete(&completion)) {
            shared.cleanup_failed(CleanupError { operation, error: Error::Other { message } });
        }
    }
    let mut span = job.span.take();
    // What the functions have captured is dropped here, if they have not run.
    if let Err(message) = guarded(|| drop(job)) {
        shared.cleanup_failed(CleanupError { operation, error: Error::Other { message } });
    }
    set_operation(None);
    if let Some(span) = &mut span {
        span.end = clock::seconds();
    }
    Ended { result, span }
}

impl Shared {
    /// Reports an error that is no operation's result.
    pub(super) fn cleanup_failed(&self, error: CleanupError) {
        let _ = guarded(|| {
            tracing::warn!(id = error.operation.number, error = %error.error, "an operation's cleanup or handler failed");
        });
        self.lock().cleanup_failed(error);
    }
}

/// Calls foreign code; a panic ends here and gives its message.
pub(super) fn guarded<T>(function: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(function)).map_err(panic_message)
}
