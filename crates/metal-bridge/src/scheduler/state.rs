//! What a manager knows, changed under its lock: operations that have not ended, who waits for whom, what is ready.
//!
//! An operation is *waiting* until the operations before it have ended, *ready* until a worker takes it, *running*, and
//! *in flight* if it is asynchronous and its function has returned. One that must not run — a dependency did not succeed,
//! or it was cancelled — goes the same way, since its cleanup has to run: it becomes ready when all before it have ended.
//! (Not sooner: operations after it may rely on those before it through it.)

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::error::{Cause, OperationError, OperationName, SchedulerError};
use super::hazards::{Access, Hazards, accesses};
use super::ids::BuildIdHasher;
use super::operation::{Job, OperationId};
use super::results::{Known, Results};
use super::stats::{CleanupError, ManagerStats};
use super::trace::{Recorder, Span};
use super::wait::Signal;
use crate::error::{Error, Result};

/// Most cleanup errors that are kept.
const CLEANUP_ERRORS: usize = 64;
/// Most ids that an error of deadlock lists.
const LONGEST_PATH: usize = 32;

/// How far the manager's own life has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Open,
    /// Takes no more operations.
    Draining,
    /// Nor starts those it has.
    Cancelling,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) stage: Stage,
    manager: u32,
    capacity: usize,
    operations: HashMap<u64, Entry, BuildIdHasher>,
    ready: VecDeque<u64>,
    results: Results,
    hazards: Hazards,
    pub(super) stats: ManagerStats,
    pub(super) cleanup_errors: VecDeque<CleanupError>,
    pub(super) recorder: Option<Recorder>,
    pub(super) threads: Threads,
    /// Callers that wait for room.
    pub(super) waiting_for_room: usize,
    /// Callers that wait for all operations and threads to end.
    pub(super) waiting_for_end: usize,
}

/// Numbers of threads.
#[derive(Debug, Default)]
pub(super) struct Threads {
    pub(super) alive: usize,
    /// Which numbers of threads are taken: they are rows of traces.
    pub(super) numbers: Vec<bool>,
    /// Of the living, asleep.
    pub(super) parked: usize,
    /// Sleepers that were woken and have not noticed yet; they count as searching.
    pub(super) called: usize,
    /// Of those, looking for work.
    pub(super) searching: usize,
    /// Of those, executing an operation, perhaps waiting within it.
    pub(super) running: usize,
    /// Threads that wait for an operation although operations may need them: within operations and within completed
    /// handlers. Each lends its place to another thread.
    pub(super) lent: usize,
}

/// An operation that has not ended.
#[derive(Debug)]
struct Entry {
    /// There while no worker has it.
    job: Option<Box<Job>>,
    label: Option<Arc<str>>,
    phase: Phase,
    /// Operations before it that have not ended.
    unmet: usize,
    dependents: Vec<Dependent>,
    signal: Option<Arc<Signal>>,
    /// What most operations do not have; apart, since entries are moved.
    rare: Option<Box<Rare>>,
}

#[derive(Debug, Default)]
struct Rare {
    /// Operations within which somebody waits for this one.
    waiting_inside: Vec<u64>,
    accesses: Vec<Access>,
    /// Why it must not run.
    cancelled: Option<OperationError>,
    /// The result of an asynchronous one; the inner `None` if it was abandoned.
    told: Option<Option<Result<()>>>,
    /// What it waited for, if that is recorded.
    before: Vec<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Waiting,
    Ready,
    Running,
    InFlight,
    /// In flight before, and told its result.
    Told,
}

#[derive(Clone, Copy, Debug)]
struct Dependent {
    id: u64,
    /// Whether it was declared as a dependency; else the buffers demand the order.
    declared: bool,
}

/// What a worker has to do.
#[derive(Debug)]
pub(super) enum Task {
    Execute {
        id: u64,
        job: Box<Job>,
    },
    /// Cancelled: only the end is to be done.
    Cancel {
        id: u64,
        job: Box<Job>,
        error: OperationError,
    },
    /// Asynchronous: only the end is to be done.
    End {
        id: u64,
        job: Box<Job>,
        result: Option<Result<()>>,
    },
}

/// Whether an operation that executes asynchronously has been told its result already.
#[derive(Debug)]
pub(super) enum Begun {
    InFlight,
    Told(Box<Job>, Option<Result<()>>),
}

/// One line of the graph of operations that have not ended.
pub(super) struct Node {
    pub(super) id: u64,
    pub(super) label: Option<Arc<str>>,
    pub(super) phase: Phase,
    pub(super) cancelled: bool,
    /// Ids, and whether they were declared.
    pub(super) dependents: Vec<(u64, bool)>,
}

impl State {
    pub(super) fn new(manager: u32, capacity: usize, max_errors: usize) -> Self {
        Self {
            stage: Stage::Open,
            manager,
            capacity,
            operations: HashMap::default(),
            ready: VecDeque::new(),
            results: Results::new(max_errors),
            hazards: Hazards::default(),
            stats: ManagerStats::default(),
            cleanup_errors: VecDeque::new(),
            recorder: None,
            threads: Threads::default(),
            waiting_for_room: 0,
            waiting_for_end: 0,
        }
    }

    fn id(&self, number: u64) -> OperationId {
        OperationId { manager: self.manager, number }
    }

    pub(super) fn is_full(&self) -> bool {
        self.operations.len() >= self.capacity
    }

    pub(super) fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    pub(super) fn ready(&self) -> usize {
        self.ready.len()
    }

    /// An error if the operation can never be queued. `generated` is the first number that was not generated.
    pub(super) fn check(&self, job: &Job, generated: u64) -> Result<(), SchedulerError> {
        let operation = job.id;
        if self.stage > Stage::Open {
            return Err(SchedulerError::ShutDown { operation });
        }
        if operation.manager != self.manager || operation.number >= generated {
            return Err(SchedulerError::UnknownOperation { operation, generated: false });
        }
        if self.operations.contains_key(&operation.number) {
            return Err(SchedulerError::DuplicateOperation { operation });
        }
        match self.results.get(operation.number) {
            Known::Not => {}
            Known::Forgotten => return Err(SchedulerError::ResultForgotten { operation }),
            Known::Succeeded | Known::Unsuccessful(_) => {
                return Err(SchedulerError::DuplicateOperation { operation });
            }
        }
        for dependency in &job.dependencies {
            if *dependency == operation {
                return Err(SchedulerError::SelfDependency { operation });
            }
            self.check_known(*dependency, generated)?;
        }
        Ok(())
    }

    /// An error if the operation was not queued, or nothing is known of it any more.
    pub(super) fn check_known(&self, operation: OperationId, generated: u64) -> Result<(), SchedulerError> {
        if operation.manager != self.manager || operation.number >= generated {
            return Err(SchedulerError::UnknownOperation { operation, generated: false });
        }
        if self.operations.contains_key(&operation.number) {
            return Ok(());
        }
        match self.results.get(operation.number) {
            Known::Not => Err(SchedulerError::UnknownOperation { operation, generated: true }),
            Known::Forgotten => Err(SchedulerError::ResultForgotten { operation }),
            Known::Succeeded | Known::Unsuccessful(_) => Ok(()),
        }
    }

    /// Adds an operation that was [checked](Self::check).
    pub(super) fn add(&mut self, job: Box<Job>) {
        let id = job.id.number;
        let mut before: Vec<(u64, bool)> = Vec::new();
        let mut cancelled = None;
        for dependency in &job.dependencies {
            if self.operations.contains_key(&dependency.number) {
                before.push((dependency.number, true));
            } else if let Known::Unsuccessful(error) = self.results.get(dependency.number)
                && cancelled.is_none()
            {
                let error = error.unwrap_or_else(|| self.forgotten(*dependency));
                cancelled = Some(error.cancels(job.name()));
            }
        }
        let mut uses = Vec::new();
        if job.hazard_tracking {
            if !(job.inputs.is_empty() && job.outputs.is_empty() && job.temporaries.is_empty()) {
                uses = accesses(&job.inputs, &[&job.outputs, &job.temporaries]);
            }
            let operations = &self.operations;
            let is_unfinished = |id: u64| operations.contains_key(&id);
            self.hazards.add(id, &uses, is_unfinished, |other| {
                if is_unfinished(other) {
                    before.push((other, false));
                }
            });
        }
        // Of several entries for one operation, the declared one comes first and stays.
        before.sort_unstable_by_key(|(id, declared)| (*id, !declared));
        before.dedup_by_key(|(id, _)| *id);
        for (other, declared) in &before {
            if let Some(entry) = self.operations.get_mut(other) {
                entry.dependents.push(Dependent { id, declared: *declared });
            }
        }
        let unmet = before.len();
        let phase = if unmet == 0 { Phase::Ready } else { Phase::Waiting };
        if unmet == 0 {
            self.ready.push_back(id);
        }
        let recorded = match &self.recorder {
            Some(_) => before.iter().map(|(id, _)| *id).collect(),
            None => Vec::new(),
        };
        let rare = (cancelled.is_some() || !uses.is_empty() || !recorded.is_empty())
            .then(|| Box::new(Rare { accesses: uses, cancelled, before: recorded, ..Rare::default() }));
        let label = job.label.clone();
        let entry = Entry { job: Some(job), label, phase, unmet, dependents: Vec::new(), signal: None, rare };
        self.operations.insert(id, entry);
        self.stats.queued += 1;
        self.stats.pending += 1;
        self.stats.peak = self.stats.peak.max(self.operations.len());
    }

    /// The next thing to do, if there is any. The caller counts itself as running.
    pub(super) fn next(&mut self) -> Option<Task> {
        while let Some(id) = self.ready.pop_front() {
            let Some(entry) = self.operations.get_mut(&id) else { continue };
            let Some(job) = entry.job.take() else { continue };
            if entry.phase == Phase::Told {
                entry.phase = Phase::Running;
                let result = entry.rare().told.take().flatten();
                return Some(Task::End { id, job, result });
            }
            entry.phase = Phase::Running;
            self.stats.pending -= 1;
            self.stats.in_flight += 1;
            return Some(match entry.rare.as_mut().and_then(|rare| rare.cancelled.take()) {
                Some(error) => Task::Cancel { id, job, error },
                None => Task::Execute { id, job },
            });
        }
        None
    }

    /// An asynchronous operation's function has returned.
    pub(super) fn begun(&mut self, id: u64, job: Box<Job>) -> Begun {
        let Some(entry) = self.operations.get_mut(&id) else { return Begun::Told(job, None) };
        if let Some(result) = entry.rare.as_mut().and_then(|rare| rare.told.take()) {
            return Begun::Told(job, result);
        }
        entry.job = Some(job);
        entry.phase = Phase::InFlight;
        Begun::InFlight
    }

    /// An asynchronous operation is told its result; true if it is ready for its end now.
    pub(super) fn tell(&mut self, id: u64, result: Option<Result<()>>) -> bool {
        let Some(entry) = self.operations.get_mut(&id) else { return false };
        let told = &mut entry.rare().told;
        if told.is_some() {
            return false;
        }
        *told = Some(result);
        if entry.phase != Phase::InFlight {
            return false;
        }
        entry.phase = Phase::Told;
        self.ready.push_back(id);
        true
    }

    /// Removes an operation that has ended; gives whom to tell.
    pub(super) fn finish(
        &mut self,
        id: u64,
        result: &Result<(), OperationError>,
        span: Option<Span>,
    ) -> Option<Arc<Signal>> {
        let mut entry = self.operations.remove(&id)?;
        if let Some(rare) = &entry.rare {
            self.hazards.remove(id, &rare.accesses);
        }
        if let (Some(span), Some(recorder)) = (span, &mut self.recorder) {
            let before = entry.rare.take().map(|rare| rare.before).unwrap_or_default();
            recorder.record(
                OperationId { manager: self.manager, number: id },
                entry.label.clone(),
                span,
                before,
                result,
            );
        }
        self.results.record(id, result.clone());
        self.stats.in_flight -= 1;
        match result {
            Ok(()) => self.stats.executed += 1,
            Err(error) if error.is_cancelled() => self.stats.cancelled += 1,
            Err(_) => self.stats.failed += 1,
        }
        for dependent in entry.dependents {
            let Some(other) = self.operations.get_mut(&dependent.id) else { continue };
            other.unmet -= 1;
            if let Err(error) = result
                && dependent.declared
                && !other.is_cancelled()
                && let Some(job) = &other.job
            {
                let error = error.cancels(job.name());
                other.rare().cancelled = Some(error);
            }
            if other.unmet == 0 {
                other.phase = Phase::Ready;
                self.ready.push_back(dependent.id);
            }
        }
        entry.signal
    }

    /// Cancels an operation that has not started; false if it has.
    pub(super) fn cancel(&mut self, id: u64) -> bool {
        let Some(entry) = self.operations.get_mut(&id) else { return false };
        entry.cancel(Cause::Cancelled)
    }

    /// Cancels all operations that have not started.
    pub(super) fn cancel_all(&mut self) {
        for entry in self.operations.values_mut() {
            entry.cancel(Cause::ShutDown);
        }
    }

    /// The result of an operation that has ended; `None` if it has not.
    pub(super) fn result(&self, operation: OperationId) -> Option<Result<(), Error>> {
        if self.operations.contains_key(&operation.number) {
            return None;
        }
        Some(match self.results.get(operation.number) {
            Known::Succeeded => Ok(()),
            Known::Unsuccessful(error) => Err(error.unwrap_or_else(|| self.forgotten(operation)).into()),
            Known::Forgotten => Err(SchedulerError::ResultForgotten { operation }.into()),
            Known::Not => Err(SchedulerError::UnknownOperation { operation, generated: true }.into()),
        })
    }

    fn forgotten(&self, id: OperationId) -> OperationError {
        OperationError::new(OperationName { id, label: Arc::default() }, Cause::Forgotten)
    }

    /// By which the end of an unfinished operation is told.
    pub(super) fn signal(&mut self, id: u64) -> Option<Arc<Signal>> {
        let entry = self.operations.get_mut(&id)?;
        Some(entry.signal.get_or_insert_with(Arc::default).clone())
    }

    /// Notes that somebody within an operation waits for another, unless that could never end.
    pub(super) fn begin_wait_inside(&mut self, waiting: u64, awaited: u64) -> Result<(), SchedulerError> {
        if let Some(path) = self.path(waiting, awaited) {
            let path = path.into_iter().take(LONGEST_PATH).map(|id| self.id(id)).collect();
            let (operation, waiting) = (self.id(awaited), self.id(waiting));
            return Err(SchedulerError::WouldDeadlock { operation, waiting, path });
        }
        if let Some(entry) = self.operations.get_mut(&awaited) {
            entry.rare().waiting_inside.push(waiting);
        }
        Ok(())
    }

    pub(super) fn end_wait_inside(&mut self, waiting: u64, awaited: u64) {
        if let Some(rare) = self.operations.get_mut(&awaited).and_then(|entry| entry.rare.as_mut())
            && let Some(index) = rare.waiting_inside.iter().position(|id| *id == waiting)
        {
            rare.waiting_inside.swap_remove(index);
        }
    }

    /// How an operation needs another one to end, each in the path needing the one before it.
    fn path(&self, first: u64, last: u64) -> Option<Vec<u64>> {
        let mut from: HashMap<u64, u64, BuildIdHasher> = HashMap::default();
        from.insert(first, first);
        let mut open = vec![first];
        while let Some(id) = open.pop() {
            if id == last {
                let mut path = vec![id];
                let mut at = id;
                while at != first {
                    at = from[&at];
                    path.push(at);
                }
                path.reverse();
                return Some(path);
            }
            let Some(entry) = self.operations.get(&id) else { continue };
            let dependents = entry.dependents.iter().map(|dependent| dependent.id);
            for next in dependents.chain(entry.waiting_inside()) {
                from.entry(next).or_insert_with(|| {
                    open.push(next);
                    id
                });
            }
        }
        None
    }

    pub(super) fn cleanup_failed(&mut self, error: CleanupError) {
        self.stats.cleanup_errors += 1;
        if self.cleanup_errors.len() == CLEANUP_ERRORS {
            self.cleanup_errors.pop_front();
        }
        self.cleanup_errors.push_back(error);
    }

    /// The graph of operations that have not ended, in the order of ids.
    pub(super) fn graph(&self) -> Vec<Node> {
        let node = |(id, entry): (&u64, &Entry)| Node {
            id: *id,
            label: entry.label.clone(),
            phase: entry.phase,
            cancelled: entry.is_cancelled(),
            dependents: entry.dependents.iter().map(|dependent| (dependent.id, dependent.declared)).collect(),
        };
        let mut nodes: Vec<Node> = self.operations.iter().map(node).collect();
        nodes.sort_unstable_by_key(|node| node.id);
        nodes
    }
}

impl Entry {
    fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    fn is_cancelled(&self) -> bool {
        self.rare.as_ref().is_some_and(|rare| rare.cancelled.is_some())
    }

    fn waiting_inside(&self) -> impl Iterator<Item = u64> {
        self.rare.iter().flat_map(|rare| rare.waiting_inside.iter().copied())
    }

    /// Cancels it if it has not started.
    fn cancel(&mut self, cause: Cause) -> bool {
        let started = !matches!(self.phase, Phase::Waiting | Phase::Ready);
        let Some(job) = self.job.as_ref().filter(|_| !started && !self.is_cancelled()) else {
            return false;
        };
        let error = OperationError::new(job.name(), cause);
        self.rare().cancelled = Some(error);
        true
    }
}

impl Job {
    pub(super) fn name(&self) -> OperationName {
        OperationName { id: self.id, label: self.label.clone().unwrap_or_default() }
    }
}
