use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::pool::{Shared, Worker};
use super::routine::RoutineWork;
use super::work::{BlitWork, KernelWork};
use crate::backend::{self, ComputeCommand, Pass, Submission};
use crate::command_buffer::panic_message;
use crate::error::{Error, Result};
use crate::sync::{Mutex, lock};

/// A queue: its submissions are executed one after the other, by one worker at a time.
#[derive(Debug)]
pub(super) struct CpuQueue {
    pool: Arc<Shared>,
    state: Arc<QueueState>,
}

#[derive(Debug, Default)]
pub(super) struct QueueState(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    submissions: VecDeque<Submission>,
    /// Whether a worker drives the queue, or it is in the pool's list.
    scheduled: bool,
}

impl CpuQueue {
    pub(super) fn new(pool: Arc<Shared>) -> Self {
        Self { pool, state: Arc::default() }
    }
}

impl backend::Queue for CpuQueue {
    fn submit(&self, submission: Submission) {
        let mut state = lock(&self.state.0);
        state.submissions.push_back(submission);
        let scheduled = std::mem::replace(&mut state.scheduled, true);
        drop(state);
        if !scheduled {
            self.pool.add_queue(self.state.clone());
        }
    }
}

impl QueueState {
    /// Executes submissions until there is none, or other queues wait for a worker.
    pub(super) fn drive(self: Arc<Self>, worker: &mut Worker<'_>) {
        loop {
            let mut state = lock(&self.0);
            let Some(submission) = state.submissions.pop_front() else {
                state.scheduled = false;
                return;
            };
            drop(state);
            execute(submission, worker);
            if worker.shared().has_waiting_queues() && !lock(&self.0).submissions.is_empty() {
                worker.shared().add_queue(self.clone());
                return;
            }
        }
    }
}

fn execute(Submission { passes, completion, .. }: Submission, worker: &mut Worker<'_>) {
    completion.started();
    let result = catch_unwind(AssertUnwindSafe(|| execute_passes(&passes, worker)))
        .unwrap_or_else(|payload| Err(Error::Internal { message: panic_message(payload) }));
    drop(passes);
    completion.finish(result);
}

fn execute_passes(passes: &[Pass], worker: &mut Worker<'_>) -> Result<()> {
    for pass in passes {
        match pass {
            Pass::Compute { commands, .. } => {
                // Dispatches run one after the other, so barriers between them hold by themselves.
                for command in commands {
                    match command {
                        ComputeCommand::Dispatch(dispatch) => {
                            // SAFETY: the dispatch lives in `passes`, whose command buffer is in flight;
                            // `perform` comes back when nobody works on it any more.
                            let work = unsafe { KernelWork::new(dispatch) };
                            work.prepare()?;
                            let (units, threads, cost) = (work.units(), work.threads(), work.cost.clone());
                            worker.perform(work, units, Some((&cost, threads / units as f64)))?;
                        }
                        ComputeCommand::Routine(call) => {
                            // SAFETY: as for dispatches.
                            for work in unsafe { RoutineWork::phases(call) } {
                                let (units, cost) = (work.units(), work.cost());
                                worker.perform(work, units, Some((&cost, 1.0)))?;
                            }
                        }
                        ComputeCommand::Barrier(_)
                        | ComputeCommand::PushDebugGroup(_)
                        | ComputeCommand::PopDebugGroup => {}
                    }
                }
            }
            Pass::Program { .. } => unreachable!("the CPU device makes no executables of programs"),
            Pass::Blit { commands, .. } => {
                for command in commands {
                    // SAFETY: as for dispatches.
                    if let Some(work) = unsafe { BlitWork::new(command) } {
                        let units = work.units();
                        worker.perform(work, units, None)?;
                    }
                }
            }
        }
    }
    Ok(())
}
