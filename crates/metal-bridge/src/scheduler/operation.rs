//! Operations: what is to be done, after what, and with which buffers.

use std::fmt;
use std::sync::Arc;

use super::Shared;
use super::error::OperationError;
use super::trace::Span;
use crate::buffer::{Buffer, ResourceOptions};
use crate::command_buffer::CommandBuffer;
use crate::device::Device;
use crate::error::{Error, Result};
use crate::queue::CommandQueue;

/// Names an operation of one manager; made by
/// [`generate_operation_id`](super::CommandBufferManager::generate_operation_id). Ids are ordered as they were made.
#[doc(alias = "OperationID")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationId {
    pub(super) manager: u32,
    pub(super) number: u64,
}

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number.fmt(f)
    }
}

/// An operation for [`queue_operation`](super::CommandBufferManager::queue_operation): a builder.
///
/// Everything is optional: an operation that executes nothing is a point where others meet. All functions run once at
/// most, on a thread of the manager, and may panic: that is an error of the operation.
///
/// ```
/// use metal_bridge::{CommandBufferManager, Device, PendingOperation};
///
/// # fn main() -> metal_bridge::Result<()> {
/// let device = Device::null();
/// let manager = CommandBufferManager::new(&device, &device.new_command_queue()?)?;
/// let (load, train) = (manager.generate_operation_id(), manager.generate_operation_id());
/// manager.queue_operation(PendingOperation::new(load).label("load").execute(|| Ok(())))?;
/// manager.queue_operation(
///     PendingOperation::new(train)
///         .label("train")
///         .depends_on(load)
///         .execute(|| Ok(()))
///         .on_complete(|ended| println!("{}: {:?}", ended.id, ended.result)),
/// )?;
/// manager.wait_for_operation(train)?;
/// # Ok(())
/// # }
/// ```
#[must_use = "an operation does nothing until it is queued"]
pub struct PendingOperation(pub(super) Box<Job>);

/// What is in an operation.
pub(super) struct Job {
    pub(super) id: OperationId,
    pub(super) label: Option<Arc<str>>,
    pub(super) dependencies: Vec<OperationId>,
    pub(super) hazard_tracking: bool,
    pub(super) execute: Option<Execute>,
    pub(super) cleanup: Option<Cleanup>,
    pub(super) on_complete: Option<OnComplete>,
    pub(super) inputs: Vec<Buffer>,
    pub(super) outputs: Vec<Buffer>,
    pub(super) temporaries: Vec<Buffer>,
    /// Temporaries to be allocated before it executes.
    pub(super) to_allocate: Vec<(usize, ResourceOptions)>,
    /// When it began, if that is recorded.
    pub(super) span: Option<Span>,
}

type Cleanup = Box<dyn FnOnce() -> Result<()> + Send>;
type OnComplete = Box<dyn FnOnce(&Completion) + Send>;
type Function = Box<dyn FnOnce(&OperationContext<'_>) -> Result<()> + Send>;
type Begin = Box<dyn FnOnce(&OperationContext<'_>, Completer) -> Result<()> + Send>;
type Encode = Box<dyn FnOnce(&OperationContext<'_>, &CommandBuffer) -> Result<()> + Send>;

/// The ways to execute.
pub(super) enum Execute {
    Function(Function),
    Asynchronous(Begin),
    CommandBuffer(Encode),
}

impl PendingOperation {
    /// An operation that executes nothing yet.
    #[doc(alias = "ID")]
    pub fn new(id: OperationId) -> Self {
        Self(Box::new(Job {
            id,
            label: None,
            dependencies: Vec::new(),
            hazard_tracking: true,
            execute: None,
            cleanup: None,
            on_complete: None,
            inputs: Vec::new(),
            outputs: Vec::new(),
            temporaries: Vec::new(),
            to_allocate: Vec::new(),
            span: None,
        }))
    }

    /// Its id.
    pub fn id(&self) -> OperationId {
        self.0.id
    }

    /// A label, by which errors, traces and graphs name it.
    pub fn label(mut self, label: impl Into<Arc<str>>) -> Self {
        self.0.label = Some(label.into());
        self
    }

    /// It runs when this operation, which must have been queued before, has succeeded. If that one fails or is cancelled,
    /// it is cancelled.
    pub fn depends_on(mut self, operation: OperationId) -> Self {
        self.0.dependencies.push(operation);
        self
    }

    /// [`depends_on`](Self::depends_on) for each of these.
    #[doc(alias = "Dependencies")]
    pub fn dependencies(mut self, operations: impl IntoIterator<Item = OperationId>) -> Self {
        self.0.dependencies.extend(operations);
        self
    }

    /// Whether it is ordered with other operations by the buffers that they declare; on by default. If off, neither waits
    /// it for others because of its buffers, nor do they for it.
    pub fn hazard_tracking(mut self, on: bool) -> Self {
        self.0.hazard_tracking = on;
        self
    }

    /// What it does. It may commit command buffers and wait for them, and queue other operations and wait for those. An
    /// error of the program's own is made by [`Error::other`]. Of several `execute…` functions the last counts.
    #[doc(alias = "Execute")]
    pub fn execute(self, function: impl FnOnce() -> Result<()> + Send + 'static) -> Self {
        self.execute_with(|_| function())
    }

    /// As [`execute`](Self::execute), with access to the manager's queue and to the temporaries.
    pub fn execute_with(
        mut self,
        function: impl FnOnce(&OperationContext<'_>) -> Result<()> + Send + 'static,
    ) -> Self {
        self.0.execute = Some(Execute::Function(Box::new(function)));
        self
    }

    /// The function begins something and returns; the operation ends when the [`Completer`] is told the result, on
    /// whatever thread. In between it takes no thread of the manager. If the function returns an error, that is the
    /// result.
    pub fn execute_async(
        mut self,
        function: impl FnOnce(&OperationContext<'_>, Completer) -> Result<()> + Send + 'static,
    ) -> Self {
        self.0.execute = Some(Execute::Asynchronous(Box::new(function)));
        self
    }

    /// The function encodes commands into a new command buffer of the manager's queue, which is then committed, if the
    /// function has not done so. The operation ends as the command buffer does. In between it takes no thread of the
    /// manager.
    pub fn execute_command_buffer(
        mut self,
        function: impl FnOnce(&OperationContext<'_>, &CommandBuffer) -> Result<()> + Send + 'static,
    ) -> Self {
        self.0.execute = Some(Execute::CommandBuffer(Box::new(function)));
        self
    }

    /// Runs once after it has executed, or was cancelled, before anybody learns of its end. An error here does not
    /// change the operation's result; it is in [`Completion::cleanup`] and in the manager's
    /// [`cleanup_errors`](super::CommandBufferManager::cleanup_errors).
    #[doc(alias = "Cleanup")]
    pub fn cleanup(mut self, function: impl FnOnce() -> Result<()> + Send + 'static) -> Self {
        self.0.cleanup = Some(Box::new(function));
        self
    }

    /// Runs once after the cleanup, with the result. What depends on the operation starts, and who waits for it goes on,
    /// when it has returned.
    #[doc(alias = "OnComplete")]
    pub fn on_complete(mut self, function: impl FnOnce(&Completion) + Send + 'static) -> Self {
        self.0.on_complete = Some(Box::new(function));
        self
    }

    /// Buffers that it reads. They live until it has ended. It waits for all operations queued before that write one of
    /// them.
    #[doc(alias = "InputBuffers")]
    pub fn input_buffers<'a>(mut self, buffers: impl IntoIterator<Item = &'a Buffer>) -> Self {
        self.0.inputs.extend(buffers.into_iter().cloned());
        self
    }

    /// Buffers that it writes. They live until it has ended. It waits for all operations queued before that read or write
    /// one of them.
    #[doc(alias = "OutputBuffers")]
    pub fn output_buffers<'a>(mut self, buffers: impl IntoIterator<Item = &'a Buffer>) -> Self {
        self.0.outputs.extend(buffers.into_iter().cloned());
        self
    }

    /// Buffers that only it needs: its handles of them are dropped when it ends, which returns those of an
    /// [allocator](crate::BufferAllocator). They count as written. The function finds them in
    /// [`OperationContext::temporaries`].
    #[doc(alias = "TempBuffers")]
    pub fn temp_buffers(mut self, buffers: impl IntoIterator<Item = Buffer>) -> Self {
        self.0.temporaries.extend(buffers);
        self
    }

    /// A temporary buffer of so many bytes, which the manager's allocator gives just before it executes and gets back
    /// when it ends. Follows those of [`temp_buffers`](Self::temp_buffers) in [`OperationContext::temporaries`]. If there
    /// is no memory, the operation fails.
    pub fn temporary(mut self, length: usize, options: ResourceOptions) -> Self {
        self.0.to_allocate.push((length, options));
        self
    }
}

impl fmt::Debug for PendingOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingOperation")
            .field("id", &self.id)
            .field("label", &self.label)
            .field("dependencies", &self.dependencies)
            .finish_non_exhaustive()
    }
}

/// An operation that could not be queued, given back: none of its functions has run.
#[derive(Debug)]
pub struct Rejected {
    /// The operation.
    pub operation: PendingOperation,
    /// Why it was not queued.
    pub error: Error,
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for Rejected {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error.source()
    }
}

impl From<Rejected> for Error {
    fn from(rejected: Rejected) -> Self {
        rejected.error
    }
}

/// What an operation that executes can use.
#[derive(Debug)]
pub struct OperationContext<'a> {
    pub(super) job: &'a Job,
    pub(super) shared: &'a Arc<Shared>,
}

impl OperationContext<'_> {
    /// The operation's id.
    pub fn id(&self) -> OperationId {
        self.job.id
    }

    /// Its label; empty if it has none.
    pub fn label(&self) -> &str {
        self.job.label.as_deref().unwrap_or_default()
    }

    /// The manager's device.
    pub fn device(&self) -> &Device {
        &self.shared.device
    }

    /// The manager's queue.
    pub fn command_queue(&self) -> &CommandQueue {
        &self.shared.queue
    }

    /// The buffers it reads.
    pub fn input_buffers(&self) -> &[Buffer] {
        &self.job.inputs
    }

    /// The buffers it writes.
    pub fn output_buffers(&self) -> &[Buffer] {
        &self.job.outputs
    }

    /// The temporary buffers, in the order in which the builder was told of them: first those that were given, then
    /// those that were allocated, whose contents are unspecified.
    pub fn temporaries(&self) -> &[Buffer] {
        &self.job.temporaries
    }
}

/// How an operation ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Completion {
    /// The operation.
    pub id: OperationId,
    /// Its label, if it has one.
    pub label: Option<Arc<str>>,
    /// Its result.
    pub result: Result<(), OperationError>,
    /// The result of its cleanup; `Ok` if it has none.
    pub cleanup: Result<()>,
}

/// Ends an asynchronous operation. If it is dropped without a result, the operation fails; as long as it is kept, the
/// operation, and a shutdown of its manager, goes on.
#[must_use = "dropping it fails the operation"]
pub struct Completer {
    shared: Arc<Shared>,
    id: u64,
    told: bool,
}

impl Completer {
    pub(super) fn new(shared: Arc<Shared>, id: u64) -> Self {
        Self { shared, id, told: false }
    }

    /// Ends the operation with a result. Returns at once: what follows from it happens on threads of the manager.
    pub fn complete(mut self, result: Result<()>) {
        self.told = true;
        self.shared.completed(self.id, Some(result));
    }
}

impl Drop for Completer {
    fn drop(&mut self) {
        if !self.told {
            self.shared.completed(self.id, None);
        }
    }
}

impl fmt::Debug for Completer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Completer").field("operation", &self.id).finish_non_exhaustive()
    }
}
