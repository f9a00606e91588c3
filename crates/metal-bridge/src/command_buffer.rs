//! Work for a queue: encoded, committed, executed.
//!
//! A command buffer goes through the stages of [`CommandBufferStatus`]. While it is `NotEnqueued`, encoders
//! write commands into it, one encoder at a time. [`commit`](CommandBuffer::commit) hands it to its queue and
//! returns at once.
//!
//! **Errors of encoding stick.** A call on an encoder that fails returns its error, and from then on `commit`
//! returns [`Error::EncodingFailed`] with that first error: a program that overlooks a result does not run
//! half of its work. The same holds for an encoder that was dropped without `end_encoding`.
//!
//! **Handlers** ([`add_completed_handler`](CommandBuffer::add_completed_handler)) run once each when the work
//! has ended, also when it failed, on a thread of their own. Those of one queue run one after the other, in
//! the order in which the work ended. They may do everything: wait for other command buffers, commit new
//! ones, drop the last handle of the device.
//!
//! ```
//! use metal_bridge::{CommandBufferStatus, Device, ResourceOptions};
//!
//! # fn main() -> metal_bridge::Result<()> {
//! let device = Device::null();
//! let buffer = device.new_buffer_with_length(64, ResourceOptions::default())?;
//!
//! let command_buffer = device.new_command_queue()?.new_command_buffer();
//! let mut blit = command_buffer.new_blit_command_encoder()?;
//! blit.fill_buffer(&buffer, 0..64, 1)?;
//! blit.end_encoding()?;
//! command_buffer.add_completed_handler(|done| println!("ended: {:?}", done.status()))?;
//! command_buffer.commit()?;
//! command_buffer.wait_until_completed()?;
//! assert_eq!(command_buffer.status(), CommandBufferStatus::Completed);
//! # Ok(())
//! # }
//! ```

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::backend::tensor_program::ProgramCall;
use crate::backend::{Pass, Submission};
use crate::buffer::Buffer;
use crate::clock;
use crate::device::Device;
use crate::encoder::{BlitCommandEncoder, ComputeCommandEncoder, DispatchType};
use crate::error::{Error, Result, named};
use crate::failure::Failure;
use crate::handlers;
use crate::queue::CommandQueue;
use crate::sync::atomic::{AtomicU8, Ordering};
use crate::sync::{Monitor, Mutex, lock, look_for};

/// How far a command buffer has come.
#[doc(alias = "MTLCommandBufferStatus")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CommandBufferStatus {
    /// Not committed: commands can be encoded.
    NotEnqueued,
    /// Committed: waits for the work before it.
    Committed,
    /// The device executes it.
    Scheduled,
    /// Ended well.
    Completed,
    /// Ended with an error; see [`CommandBuffer::error`].
    Error,
}

impl CommandBufferStatus {
    const ALL: [Self; 5] =
        [Self::NotEnqueued, Self::Committed, Self::Scheduled, Self::Completed, Self::Error];

    /// Whether the work has still to be done.
    const fn is_pending(self) -> bool {
        matches!(self, Self::Committed | Self::Scheduled)
    }

    /// Whether the work has ended, well or not.
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Completed | Self::Error)
    }
}

/// A list of work for a queue. A cheap handle: clones are the same command buffer. Made by
/// [`CommandQueue::new_command_buffer`].
///
/// All buffers and pipelines it uses live until it has ended.
#[doc(alias = "MTLCommandBuffer")]
#[derive(Clone)]
pub struct CommandBuffer(Arc<Inner>);

struct Inner {
    queue: CommandQueue,
    label: Mutex<String>,
    /// Changed under the lock of `state`; an atomic so that it can be read without.
    status: AtomicU8,
    state: Monitor<State>,
}

struct State {
    stage: Stage,
    handlers: Vec<Handler>,
    /// Told the result at the end of the work.
    when_ended: Vec<WhenEnded>,
    /// Whether handlers are still to be run, or running, after the end of the work.
    handlers_pending: bool,
    handler_panics: Vec<String>,
    failure: Option<Arc<Failure>>,
    start: Option<f64>,
    end: Option<f64>,
}

impl State {
    /// The result of work that has ended, for somebody who asks for it.
    fn result(&self) -> Result<()> {
        self.failure.as_ref().map_or(Ok(()), |failure| Err(failure.tell()))
    }
}

type Handler = Box<dyn FnOnce(&CommandBuffer) + Send>;
/// Own code that is told a result, on whatever thread; it must not block.
pub(crate) type WhenEnded = Box<dyn FnOnce(Result<()>) + Send>;

enum Stage {
    Recording(Recording),
    Submitted(Uses),
    Ended,
}

/// Buffers that the work uses, and whether it writes them.
pub(crate) type Uses = Vec<(Buffer, bool)>;

#[derive(Default)]
struct Recording {
    passes: Vec<Pass>,
    uses: Uses,
    /// Description of the encoder that has not ended yet.
    open_encoder: Option<String>,
    first_error: Option<Error>,
}

impl CommandBuffer {
    pub(crate) fn new(queue: CommandQueue) -> Self {
        Self(Arc::new(Inner {
            queue,
            label: Mutex::default(),
            status: AtomicU8::new(CommandBufferStatus::NotEnqueued as u8),
            state: Monitor::new(State {
                stage: Stage::Recording(Recording::default()),
                handlers: Vec::new(),
                when_ended: Vec::new(),
                handlers_pending: false,
                handler_panics: Vec::new(),
                failure: None,
                start: None,
                end: None,
            }),
        }))
    }

    /// The device of its queue.
    pub fn device(&self) -> &Device {
        self.0.queue.device()
    }

    /// The queue that it will execute on.
    #[doc(alias = "commandQueue")]
    pub fn command_queue(&self) -> &CommandQueue {
        &self.0.queue
    }

    /// The label; empty if none was set.
    pub fn label(&self) -> String {
        lock(&self.0.label).clone()
    }

    /// Sets a label, by which errors then name the command buffer.
    #[doc(alias = "setLabel:")]
    pub fn set_label(&self, label: impl Into<String>) {
        *lock(&self.0.label) = label.into();
    }

    /// An encoder for kernels, whose dispatches run one after the other.
    ///
    /// # Errors
    ///
    /// If the command buffer is committed, or another encoder is open.
    #[doc(alias = "computeCommandEncoder")]
    #[doc(alias = "NewComputeCommandEncoder")]
    pub fn new_compute_command_encoder(&self) -> Result<ComputeCommandEncoder> {
        self.new_compute_command_encoder_with_dispatch_type(DispatchType::Serial)
    }

    /// An encoder for kernels whose dispatches may overlap between barriers.
    ///
    /// # Errors
    ///
    /// As [`new_compute_command_encoder`](Self::new_compute_command_encoder).
    #[doc(alias = "computeCommandEncoderWithDispatchType:")]
    pub fn new_compute_command_encoder_with_dispatch_type(
        &self,
        dispatch_type: DispatchType,
    ) -> Result<ComputeCommandEncoder> {
        self.open_encoder("new_compute_command_encoder", "a compute command encoder")?;
        Ok(ComputeCommandEncoder::new(self.clone(), dispatch_type))
    }

    /// An encoder for copies and fills.
    ///
    /// # Errors
    ///
    /// If the command buffer is committed, or another encoder is open.
    #[doc(alias = "blitCommandEncoder")]
    pub fn new_blit_command_encoder(&self) -> Result<BlitCommandEncoder> {
        self.open_encoder("new_blit_command_encoder", "a blit command encoder")?;
        Ok(BlitCommandEncoder::new(self.clone()))
    }

    /// Adds a function that is called once when the work has ended, well or not, on another thread.
    ///
    /// It gets the command buffer; keeping a clone inside the handler would keep a command buffer that is
    /// never committed alive for ever. If the handler panics, the panic ends there and is kept in
    /// [`handler_panics`](Self::handler_panics).
    ///
    /// # Errors
    ///
    /// If the command buffer is committed, or no thread for handlers can be started.
    #[doc(alias = "addCompletedHandler:")]
    #[doc(alias = "AddCompletedHandler")]
    pub fn add_completed_handler(&self, handler: impl FnOnce(&CommandBuffer) + Send + 'static) -> Result<()> {
        self.device().handlers().start()?;
        let mut state = self.0.state.lock();
        if !matches!(state.stage, Stage::Recording(_)) {
            drop(state);
            return Err(self.already_committed("add_completed_handler"));
        }
        state.handlers.push(Box::new(handler));
        Ok(())
    }

    /// Hands the work to the queue and returns at once.
    ///
    /// If a buffer is mapped in a way that conflicts with the work ([`Error::BufferMapped`]), nothing has
    /// changed and it can be called again when the mapping is gone. All buffers are taken or none.
    ///
    /// # Errors
    ///
    /// If it is committed already, an encoder is open or was dropped without `end_encoding`, a command could
    /// not be encoded, or a buffer is mapped.
    #[doc(alias = "Commit")]
    pub fn commit(&self) -> Result<()> {
        let mut state = self.0.state.lock();
        let Stage::Recording(recording) = &mut state.stage else {
            drop(state);
            return Err(self.already_committed("commit"));
        };
        if let Some(first) = recording.first_error.clone() {
            return Err(Error::EncodingFailed { command_buffer: self.describe(), first: Box::new(first) });
        }
        if let Some(encoder) = recording.open_encoder.clone() {
            return Err(self.encoder_active("commit", encoder));
        }
        merge(&mut recording.uses);
        begin_work(&recording.uses)?;
        let Recording { passes, uses, .. } = std::mem::take(recording);
        state.stage = Stage::Submitted(uses);
        self.set_status(CommandBufferStatus::Committed);
        drop(state);
        let completion = Completion(Some(self.clone()));
        self.0.queue.backend().submit(Submission { label: self.label(), passes, completion });
        Ok(())
    }

    /// How far it has come.
    pub fn status(&self) -> CommandBufferStatus {
        let status = self.current_status();
        if status == CommandBufferStatus::Error {
            // Whoever sees this knows.
            let _ = self.error();
        }
        status
    }

    /// What ended the work, if its status is [`CommandBufferStatus::Error`].
    pub fn error(&self) -> Option<Error> {
        self.0.state.lock().failure.as_ref().map(|failure| failure.tell())
    }

    /// Waits until the work has ended and its handlers have returned. From within a handler — of this or
    /// another command buffer — and from within an [operation](crate::PendingOperation) it waits for the work alone, so
    /// that handlers and operations cannot wait for each other.
    ///
    /// # Errors
    ///
    /// The error that ended the work, or [`Error::NotCommitted`].
    #[doc(alias = "waitUntilCompleted")]
    #[doc(alias = "WaitUntilCompleted")]
    pub fn wait_until_completed(&self) -> Result<()> {
        let for_handlers = !handlers::in_handler();
        look_for(self.device().limits().look_for, || !self.current_status().is_pending());
        let mut state = self.0.state.lock();
        loop {
            match state.stage {
                Stage::Recording(_) => {
                    drop(state);
                    return Err(self.not_committed("wait_until_completed"));
                }
                Stage::Ended if !(for_handlers && state.handlers_pending) => {
                    return state.result();
                }
                _ => state = self.0.state.wait(state),
            }
        }
    }

    /// Waits until the device has begun to execute the work, or the work has ended.
    ///
    /// # Errors
    ///
    /// [`Error::NotCommitted`].
    #[doc(alias = "waitUntilScheduled")]
    pub fn wait_until_scheduled(&self) -> Result<()> {
        let mut state = self.0.state.lock();
        loop {
            match self.current_status() {
                CommandBufferStatus::NotEnqueued => {
                    drop(state);
                    return Err(self.not_committed("wait_until_scheduled"));
                }
                CommandBufferStatus::Committed => state = self.0.state.wait(state),
                _ => return Ok(()),
            }
        }
    }

    /// When the device began with the work, in seconds from a fixed point in the past; `None` before that, and with
    /// Metal until the work has ended.
    #[doc(alias = "GPUStartTime")]
    pub fn gpu_start_time(&self) -> Option<f64> {
        self.0.state.lock().start
    }

    /// When the device ended the work, in seconds from the same point; `None` before that.
    #[doc(alias = "GPUEndTime")]
    pub fn gpu_end_time(&self) -> Option<f64> {
        self.0.state.lock().end
    }

    /// The messages of completed handlers that panicked.
    pub fn handler_panics(&self) -> Vec<String> {
        self.0.state.lock().handler_panics.clone()
    }

    /// Tells a function of this crate the result of the work when it has ended, which may be now. Waits for no handler,
    /// so handlers may wait for what follows.
    pub(crate) fn when_ended(&self, function: WhenEnded) {
        let mut state = self.0.state.lock();
        if !matches!(state.stage, Stage::Ended) {
            return state.when_ended.push(function);
        }
        let result = state.result();
        drop(state);
        function(result);
    }

    fn open_encoder(&self, operation: &'static str, encoder: &str) -> Result<()> {
        let mut state = self.0.state.lock();
        let Stage::Recording(recording) = &mut state.stage else {
            drop(state);
            return Err(self.already_committed(operation));
        };
        if let Some(open) = recording.open_encoder.clone() {
            drop(state);
            return Err(self.encoder_active(operation, open));
        }
        recording.open_encoder = Some(encoder.to_owned());
        Ok(())
    }

    /// Encodes a run of a program, with the buffers that it uses.
    ///
    /// # Errors
    ///
    /// If the command buffer is committed, or an encoder is open.
    pub(crate) fn encode_program(&self, label: &str, call: ProgramCall, uses: Uses) -> Result<()> {
        self.open_encoder("encode_program", "a program")?;
        self.end_encoder(Pass::Program { label: label.to_owned(), call: Box::new(call) }, uses);
        Ok(())
    }

    /// Renames the open encoder in errors.
    pub(crate) fn name_encoder(&self, encoder: String) {
        self.recording(|recording| recording.open_encoder = Some(encoder));
    }

    /// Takes the work of the open encoder.
    pub(crate) fn end_encoder(&self, pass: Pass, uses: Uses) {
        self.recording(|recording| {
            recording.open_encoder = None;
            recording.passes.push(pass);
            recording.uses.extend(uses);
        });
    }

    /// Notes that the open encoder was dropped without an end.
    pub(crate) fn abandon_encoder(&self, encoder: String) {
        self.recording(|recording| {
            recording.open_encoder = None;
            recording.first_error.get_or_insert(Error::EncoderNotEnded { encoder });
        });
    }

    /// Notes an error of encoding.
    pub(crate) fn encoding_failed(&self, error: &Error) {
        self.recording(|recording| {
            recording.first_error.get_or_insert_with(|| error.clone());
        });
    }

    /// An open encoder keeps the command buffer in this stage.
    fn recording(&self, change: impl FnOnce(&mut Recording)) {
        if let Stage::Recording(recording) = &mut self.0.state.lock().stage {
            change(recording);
        }
    }

    /// The status, for this module's own use: nobody is told of a failure.
    fn current_status(&self) -> CommandBufferStatus {
        CommandBufferStatus::ALL[usize::from(self.0.status.load(Ordering::Acquire))]
    }

    /// To be called under the lock of the state.
    fn set_status(&self, status: CommandBufferStatus) {
        self.0.status.store(status as u8, Ordering::Release);
    }

    fn already_committed(&self, operation: &'static str) -> Error {
        Error::AlreadyCommitted { operation, command_buffer: self.describe() }
    }

    fn not_committed(&self, operation: &'static str) -> Error {
        Error::NotCommitted { operation, command_buffer: self.describe() }
    }

    fn encoder_active(&self, operation: &'static str, encoder: String) -> Error {
        Error::EncoderActive { operation, encoder, command_buffer: self.describe() }
    }

    /// How errors name it.
    fn describe(&self) -> String {
        let label = self.label();
        if label.is_empty() { "the command buffer".into() } else { named("command buffer", &label) }
    }

    /// `start`: when the work began, if that is known already.
    fn scheduled(&self, start: Option<f64>) {
        let mut state = self.0.state.lock();
        state.start = start;
        self.set_status(CommandBufferStatus::Scheduled);
        drop(state);
        self.0.state.notify_all();
    }

    /// `times`: when the work began and ended, if the device knows.
    fn ended(&self, result: Result<()>, times: Option<(f64, f64)>) {
        let now = clock::seconds();
        let mut state = self.0.state.lock();
        let Stage::Submitted(uses) = std::mem::replace(&mut state.stage, Stage::Ended) else {
            unreachable!("only a committed command buffer can end, and only once")
        };
        match times {
            Some((start, end)) => (state.start, state.end) = (Some(start), Some(end)),
            None => {
                state.start.get_or_insert(now);
                state.end = Some(now);
            }
        }
        state.failure = result.err().map(|error| Arc::new(Failure::new(error)));
        let failure = state.failure.clone();
        state.handlers_pending = !state.handlers.is_empty();
        let handlers_pending = state.handlers_pending;
        let when_ended = std::mem::take(&mut state.when_ended);
        // Only if there is somebody to tell.
        let result = if when_ended.is_empty() { Ok(()) } else { state.result() };
        self.set_status(match state.failure {
            None => CommandBufferStatus::Completed,
            Some(_) => CommandBufferStatus::Error,
        });
        // After the status, which a host that has waited for a buffer may look at; before anybody who waits
        // for the end can find a buffer still in use.
        end_work(&uses, failure.as_ref());
        drop(state);
        self.0.state.notify_all();
        drop(uses);
        for function in when_ended {
            function(result.clone());
        }
        if handlers_pending {
            let command_buffer = self.clone();
            self.0.queue.run_handlers(move || command_buffer.run_handlers());
        }
    }

    fn run_handlers(&self) {
        let handlers = std::mem::take(&mut self.0.state.lock().handlers);
        for handler in handlers {
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| handler(self))) {
                let message = panic_message(payload);
                self.0.state.lock().handler_panics.push(message);
            }
        }
        self.0.state.lock().handlers_pending = false;
        self.0.state.notify_all();
    }
}

impl fmt::Debug for CommandBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommandBuffer")
            .field("label", &self.label())
            .field("status", &self.current_status())
            .finish_non_exhaustive()
    }
}

/// By which a back end reports on a submission. Dropping it without [`finish`](Self::finish) is an internal
/// error, which ends the command buffer.
pub(crate) struct Completion(Option<CommandBuffer>);

impl Completion {
    /// The device begins with the work.
    pub(crate) fn started(&self) {
        if let Some(command_buffer) = &self.0 {
            command_buffer.scheduled(Some(clock::seconds()));
        }
    }

    /// The device has the work and begins with it at a time that it tells at the end.
    #[cfg(target_vendor = "apple")]
    pub(crate) fn scheduled(&self) {
        if let Some(command_buffer) = &self.0 {
            command_buffer.scheduled(None);
        }
    }

    /// The work has ended, and everything that the submission kept alive has been dropped.
    pub(crate) fn finish(self, result: Result<()>) {
        self.finish_at(result, None);
    }

    /// As [`finish`](Self::finish), at times that the device has measured, in seconds on this process's clock.
    pub(crate) fn finish_at(mut self, result: Result<()>, times: Option<(f64, f64)>) {
        if let Some(command_buffer) = self.0.take() {
            command_buffer.ended(result, times);
        }
    }
}

impl Drop for Completion {
    fn drop(&mut self) {
        if let Some(command_buffer) = self.0.take() {
            let message = "the work was dropped".into();
            command_buffer.ended(Err(Error::Internal { message }), None);
        }
    }
}

impl fmt::Debug for Completion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Completion").field(&self.0).finish()
    }
}

/// The text of a panic.
pub(crate) fn panic_message(payload: Box<dyn Any + Send>) -> String {
    let message = match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_owned(),
        (_, Some(text)) => text.clone(),
        _ => "a panic without a message".to_owned(),
    };
    // The drop of a payload is foreign code, which may panic again.
    std::mem::forget(payload);
    message
}

/// Adds a use, unless it is among the latest ones already: long sequences of dispatches tend to use the same
/// buffers.
pub(crate) fn add_use(uses: &mut Uses, buffer: &Buffer, writes: bool) {
    const LATEST: usize = 8;
    let first = uses.len().saturating_sub(LATEST);
    match uses[first..].iter_mut().find(|(known, _)| known == buffer) {
        Some((_, known_writes)) => *known_writes |= writes,
        None => uses.push((buffer.clone(), writes)),
    }
}

/// Leaves one entry for each buffer.
fn merge(uses: &mut Uses) {
    if uses.len() < 2 {
        return;
    }
    uses.sort_unstable_by_key(|(buffer, _)| buffer.id());
    uses.dedup_by(|(later, later_writes), (first, writes)| {
        let same = first == later;
        if same {
            *writes |= *later_writes;
        }
        same
    });
}

/// Takes all buffers for work, or none.
fn begin_work(uses: &Uses) -> Result<()> {
    for (i, (buffer, writes)) in uses.iter().enumerate() {
        if let Err(error) = buffer.begin_work(*writes) {
            for (buffer, writes) in &uses[..i] {
                buffer.end_work(*writes, None);
            }
            return Err(error);
        }
    }
    Ok(())
}

fn end_work(uses: &Uses, failure: Option<&Arc<Failure>>) {
    for (buffer, writes) in uses {
        buffer.end_work(*writes, failure);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buffer::ResourceOptions;

    #[test]
    fn uses_are_merged() {
        let device = Device::null();
        let buffers: Vec<_> =
            (0..20).map(|_| device.new_buffer_with_length(1, ResourceOptions::default()).unwrap()).collect();
        let mut uses = Uses::new();
        for round in 0..3 {
            for (i, buffer) in buffers.iter().enumerate() {
                add_use(&mut uses, buffer, round == 1 && i % 2 == 0);
                add_use(&mut uses, buffer, false);
            }
        }
        assert_eq!(uses.len(), 60);
        merge(&mut uses);
        assert_eq!(uses.len(), 20);
        for (i, buffer) in buffers.iter().enumerate() {
            assert!(uses.contains(&(buffer.clone(), i % 2 == 0)));
        }
    }

    #[test]
    fn times_are_the_devices_where_it_measures_them() {
        let work = Device::null().new_command_queue().unwrap().new_command_buffer();
        work.0.state.lock().stage = Stage::Submitted(Uses::new());
        work.scheduled(None);
        assert_eq!((work.status(), work.gpu_start_time()), (CommandBufferStatus::Scheduled, None));
        work.ended(Ok(()), Some((1.5, 2.0)));
        assert_eq!((work.gpu_start_time(), work.gpu_end_time()), (Some(1.5), Some(2.0)));
        assert_eq!(work.wait_until_completed(), Ok(()));

        let work = Device::null().new_command_queue().unwrap().new_command_buffer();
        work.0.state.lock().stage = Stage::Submitted(Uses::new());
        work.scheduled(None);
        work.ended(Ok(()), None);
        assert!(work.gpu_start_time().is_some() && work.gpu_start_time() == work.gpu_end_time());
    }
}
