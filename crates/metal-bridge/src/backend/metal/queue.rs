use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::sync::Arc;

use block2::RcBlock;
use objc2::rc::{Retained, autoreleasepool};
use objc2::runtime::ProtocolObject;
use objc2_foundation::{NSProcessInfo, NSString};
use objc2_metal::{MTLCommandBuffer, MTLCommandBufferStatus, MTLCommandQueue, MTLDevice};
use objc2_metal_performance_shaders::MPSCommandBuffer;

use super::encode::{ByteKernels, Target};
use super::fault;
use super::graph::Failure;
use crate::backend::{self, Pass, Submission};
use crate::clock;
use crate::command_buffer::Completion;
use crate::error::{DeviceFault, DeviceFaultKind, Error, Result};
use crate::sync::{Mutex, lock};

/// Command buffers that may be in flight before making another one waits for the end of one. Metal's default, 64, is few for
/// programs that commit small work.
const COMMAND_BUFFERS: usize = 512;

#[derive(Debug)]
pub(crate) struct MetalQueue {
    queue: Retained<ProtocolObject<dyn MTLCommandQueue>>,
    byte_kernels: Arc<ByteKernels>,
    /// Held from the first command of a submission until it is committed, because MPSGraph may commit a part of it before.
    encoding: Mutex<()>,
}

type CommandBuffer = ProtocolObject<dyn MTLCommandBuffer>;

/// What a command buffer in flight keeps alive, and whom to tell of its end.
type InFlight = Arc<Mutex<Option<(Vec<Pass>, Completion)>>>;

impl MetalQueue {
    pub(super) fn new(
        device: &ProtocolObject<dyn MTLDevice>,
        byte_kernels: Arc<ByteKernels>,
    ) -> Result<Self> {
        autoreleasepool(|_| {
            let call = "newCommandQueueWithMaxCommandBufferCount:";
            let queue = device
                .newCommandQueueWithMaxCommandBufferCount(COMMAND_BUFFERS)
                .ok_or_else(|| Error::Metal { call, message: "the device makes no queue".into() })?;
            Ok(Self { queue, byte_kernels, encoding: Mutex::default() })
        })
    }

    fn command_buffer(&self) -> Result<Retained<CommandBuffer>> {
        self.queue.commandBuffer().ok_or_else(|| Error::Metal {
            call: "commandBuffer",
            message: "the queue makes no command buffer".into(),
        })
    }

    /// A command buffer with the work of these passes, not committed, and what it says of earlier ones. MPSGraph may commit
    /// what has been encoded and go on in another command buffer, for all of which the one given here stands.
    fn encode(&self, label: &str, passes: &[Pass]) -> Result<(Retained<CommandBuffer>, Arc<Mutex<Earlier>>)> {
        let mut command_buffer = self.command_buffer()?;
        if !label.is_empty() {
            command_buffer.setLabel(Some(&NSString::from_str(label)));
        }
        let (earlier, failure) = (Arc::<Mutex<Earlier>>::default(), Failure::default());
        let mut graphs = None;
        if has_programs(passes) {
            lock(&earlier).failure = Some(failure.clone());
            let (told, label) = (earlier.clone(), label.to_owned());
            add_completed(&command_buffer, move |command_buffer| {
                let mut earlier = lock(&told);
                earlier.result = result(command_buffer, &label);
                earlier.start = times(command_buffer).map(|(start, _)| start);
            });
            // SAFETY: a command buffer that nothing has been encoded to.
            let wrapper = unsafe { MPSCommandBuffer::commandBufferWithCommandBuffer(&command_buffer) };
            command_buffer = ProtocolObject::from_retained(wrapper.clone());
            graphs = Some(wrapper);
        }
        let target = Target {
            command_buffer: &command_buffer,
            graphs: graphs.as_deref(),
            kernels: &self.byte_kernels,
            failure: &failure,
        };
        target.encode(passes)?;
        Ok((command_buffer, earlier))
    }

    /// Waits for all that has been committed: what MPSGraph has committed of work that then failed to be encoded uses buffers.
    fn wait(&self) {
        if let Ok(command_buffer) = self.command_buffer() {
            command_buffer.commit();
            command_buffer.waitUntilCompleted();
        }
    }
}

fn has_programs(passes: &[Pass]) -> bool {
    passes.iter().any(|pass| matches!(pass, Pass::Program { .. }))
}

/// What is known of the command buffers before the last one of a submission.
struct Earlier {
    /// Of the first.
    result: Result<()>,
    start: Option<f64>,
    /// What MPSGraph says, of whichever.
    failure: Option<Failure>,
}

impl Default for Earlier {
    fn default() -> Self {
        Self { result: Ok(()), start: None, failure: None }
    }
}

impl Earlier {
    /// The result of all, if the last one ended with this.
    fn result(&self, last: Result<()>) -> Result<()> {
        last.and_then(|()| self.result.clone()).and_then(|()| {
            let failure = self.failure.as_ref().and_then(|failure| lock(failure).take());
            failure.map_or(Ok(()), |message| Err(Error::Metal { call: "MPSGraphExecutable", message }))
        })
    }

    /// The times of all, if these are of the last one.
    fn times(&self, last: Option<(f64, f64)>) -> Option<(f64, f64)> {
        last.map(|(start, end)| (self.start.map_or(start, |earlier| earlier.min(start)), end))
    }
}

impl backend::Queue for MetalQueue {
    fn set_label(&self, label: &str) {
        autoreleasepool(|_| self.queue.setLabel(Some(&NSString::from_str(label))));
    }

    fn submit(&self, submission: Submission) {
        let Submission { label, passes, completion } = submission;
        autoreleasepool(|_| {
            let encoding = lock(&self.encoding);
            let (command_buffer, earlier) = match self.encode(&label, &passes) {
                Ok(encoded) => encoded,
                Err(error) => {
                    drop(encoding);
                    if has_programs(&passes) {
                        self.wait();
                    }
                    drop(passes);
                    return completion.finish(Err(error));
                }
            };
            let in_flight: InFlight = Arc::new(Mutex::new(Some((passes, completion))));
            let scheduled = in_flight.clone();
            add_scheduled(&command_buffer, move |_| {
                if let Some((_, completion)) = &*lock(&scheduled) {
                    completion.scheduled();
                }
            });
            add_completed(&command_buffer, move |command_buffer| {
                let Some((passes, completion)) = lock(&in_flight).take() else { return };
                let earlier = lock(&earlier);
                let result = earlier.result(result(command_buffer, &label));
                let times = earlier.times(times(command_buffer));
                drop(earlier);
                drop(passes);
                completion.finish_at(result, times);
            });
            command_buffer.commit();
        });
    }
}

/// Metal's type of handlers.
type Handler = dyn Fn(NonNull<CommandBuffer>);

/// A function that Metal calls once, on a thread of its own.
fn block(handler: impl Fn(&CommandBuffer) + Send + 'static) -> RcBlock<Handler> {
    RcBlock::new(move |command_buffer: NonNull<CommandBuffer>| {
        autoreleasepool(|_| {
            // SAFETY: Metal hands over a command buffer that lives during the call.
            let command_buffer = unsafe { command_buffer.as_ref() };
            // Nothing may unwind through Metal. A completion that is dropped by a panic tells of it.
            let _ = catch_unwind(AssertUnwindSafe(|| handler(command_buffer)));
        });
    })
}

fn add_scheduled(command_buffer: &CommandBuffer, handler: impl Fn(&CommandBuffer) + Send + 'static) {
    let block = block(handler);
    // SAFETY: the block has the type that Metal demands, may be called on any thread, and is copied by Metal.
    unsafe { command_buffer.addScheduledHandler(RcBlock::as_ptr(&block)) };
}

fn add_completed(command_buffer: &CommandBuffer, handler: impl Fn(&CommandBuffer) + Send + 'static) {
    let block = block(handler);
    // SAFETY: as for `add_scheduled`.
    unsafe { command_buffer.addCompletedHandler(RcBlock::as_ptr(&block)) };
}

/// How the work has ended.
fn result(command_buffer: &CommandBuffer, label: &str) -> Result<()> {
    let error = command_buffer.error();
    if command_buffer.status() != MTLCommandBufferStatus::Error && error.is_none() {
        return Ok(());
    }
    let (kind, message) =
        error.map_or((DeviceFaultKind::Other(0), "Metal gives no reason".into()), |error| {
            (fault::kind(&error.domain().to_string(), error.code()), error.localizedDescription().to_string())
        });
    Err(DeviceFault { kind, command_buffer: label.to_owned(), message }.into())
}

/// When the GPU began and ended the work, on this process's clock; `None` if it has not run. Metal counts from the start of
/// the machine, as `systemUptime` does.
fn times(command_buffer: &CommandBuffer) -> Option<(f64, f64)> {
    let (start, end) = (command_buffer.GPUStartTime(), command_buffer.GPUEndTime());
    if start <= 0.0 || end < start {
        return None;
    }
    let offset = clock::seconds() - NSProcessInfo::processInfo().systemUptime();
    Some((start + offset, end + offset))
}
