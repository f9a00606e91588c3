use std::collections::VecDeque;
use std::sync::Arc;

use msl_types::{CompileOptions, FunctionReflection, LibraryError};

use super::buffer::NullBuffer;
use super::library::NullLibrary;
use super::queue::{NullQueue, describe};
#[cfg(feature = "dlpack")]
use crate::backend::memory::Memory;
use crate::backend::{self, Submission, memory::Budget};
use crate::buffer::StorageMode;
use crate::device::{DeviceKind, Limits};
use crate::error::{Error, Result};
use crate::sync::{Mutex, lock};

/// Most memory of all buffers: enough for tests, too little to hurt.
const MEMORY_LIMIT: u64 = 1 << 30;

#[derive(Debug)]
pub(crate) struct NullBackend {
    functions: Arc<[FunctionReflection]>,
    budget: Arc<Budget>,
    control: Arc<Control>,
}

impl NullBackend {
    pub(crate) fn new(functions: Vec<FunctionReflection>, control: Arc<Control>) -> Self {
        Self { functions: functions.into(), budget: Budget::new(MEMORY_LIMIT), control }
    }
}

impl backend::Device for NullBackend {
    fn kind(&self) -> DeviceKind {
        DeviceKind::Null
    }

    fn name(&self) -> &str {
        "null"
    }

    fn limits(&self) -> Limits {
        Limits::with_memory(self.budget.limit())
    }

    fn current_allocated_size(&self) -> u64 {
        self.budget.used()
    }

    fn new_buffer(&self, length: usize, _mode: StorageMode) -> Result<Arc<dyn backend::Buffer>> {
        Ok(Arc::new(NullBuffer::new(length, &self.budget)?))
    }

    #[cfg(feature = "dlpack")]
    fn buffer_in(&self, memory: Memory) -> Option<Arc<dyn backend::Buffer>> {
        Some(Arc::new(NullBuffer::in_memory(memory)))
    }

    fn new_library(&self, _: &str, _: &CompileOptions) -> Result<Arc<dyn backend::Library>, LibraryError> {
        Ok(Arc::new(NullLibrary::new(self.functions.clone())))
    }

    fn new_queue(&self) -> Result<Arc<dyn backend::Queue>> {
        Ok(Arc::new(NullQueue::new(self.control.clone())))
    }
}

/// What a test can see and steer.
#[derive(Debug)]
pub(crate) struct Control {
    records: bool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    holds: bool,
    held: VecDeque<Submission>,
    next_error: Option<Error>,
    commands: Vec<String>,
}

impl Control {
    pub(crate) fn new(records: bool) -> Self {
        Self { records, state: Mutex::default() }
    }

    /// Records a submission, then ends or holds it.
    pub(super) fn submit(&self, submission: Submission) {
        {
            let mut state = lock(&self.state);
            if self.records {
                state.commands.extend(describe(&submission));
            }
            state.held.push_back(submission);
            if state.holds {
                return;
            }
        }
        self.release_one();
    }

    pub(crate) fn hold(&self) {
        lock(&self.state).holds = true;
    }

    pub(crate) fn release(&self) {
        lock(&self.state).holds = false;
        while self.release_one() {}
    }

    pub(crate) fn release_one(&self) -> bool {
        let mut state = lock(&self.state);
        let Some(Submission { passes, completion, .. }) = state.held.pop_front() else { return false };
        let result = state.next_error.take().map_or(Ok(()), Err);
        drop(state);
        drop(passes);
        completion.started();
        completion.finish(result);
        true
    }

    pub(crate) fn fail_next(&self, error: Error) {
        lock(&self.state).next_error = Some(error);
    }

    pub(crate) fn commands(&self) -> Vec<String> {
        lock(&self.state).commands.clone()
    }
}
