use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::sync::Arc;

use block2::RcBlock;
use objc2::rc::{Retained, autoreleasepool};
use objc2::runtime::ProtocolObject;
use objc2_foundation::{NSProcessInfo, NSString};
use objc2_metal::{MTLCommandBuffer, MTLCommandBufferStatus, MTLCommandQueue, MTLDevice};

use super::encode::{ByteKernels, encode};
use super::fault;
use crate::backend::{self, Pass, Submission};
use crate::clock;
use crate::command_buffer::Completion;
use crate::error::{DeviceFault, Error, Result};
use crate::sync::{Mutex, lock};

/// Command buffers that may be in flight before making another one waits for the end of one. Metal's default, 64, is few for
/// programs that commit small work.
const COMMAND_BUFFERS: usize = 512;

#[derive(Debug)]
pub(crate) struct MetalQueue {
    queue: Retained<ProtocolObject<dyn MTLCommandQueue>>,
    byte_kernels: Arc<ByteKernels>,
}

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
            Ok(Self { queue, byte_kernels })
        })
    }

    /// A command buffer with the work of these passes, not committed.
    fn encode(&self, label: &str, passes: &[Pass]) -> Result<Retained<ProtocolObject<dyn MTLCommandBuffer>>> {
        let command_buffer = self.queue.commandBuffer().ok_or_else(|| Error::Metal {
            call: "commandBuffer",
            message: "the queue makes no command buffer".into(),
        })?;
        if !label.is_empty() {
            command_buffer.setLabel(Some(&NSString::from_str(label)));
        }
        encode(&command_buffer, passes, &self.byte_kernels)?;
        Ok(command_buffer)
    }
}

impl backend::Queue for MetalQueue {
    fn set_label(&self, label: &str) {
        autoreleasepool(|_| self.queue.setLabel(Some(&NSString::from_str(label))));
    }

    fn submit(&self, submission: Submission) {
        let Submission { label, passes, completion } = submission;
        autoreleasepool(|_| {
            let command_buffer = match self.encode(&label, &passes) {
                Ok(command_buffer) => command_buffer,
                Err(error) => {
                    drop(passes);
                    return completion.finish(Err(error));
                }
            };
            let in_flight: InFlight = Arc::new(Mutex::new(Some((passes, completion))));
            let scheduled = in_flight.clone();
            add_handlers(
                &command_buffer,
                move |_| {
                    if let Some((_, completion)) = &*lock(&scheduled) {
                        completion.scheduled();
                    }
                },
                move |command_buffer| {
                    let Some((passes, completion)) = lock(&in_flight).take() else { return };
                    let (result, times) = (result(command_buffer, &label), times(command_buffer));
                    drop(passes);
                    completion.finish_at(result, times);
                },
            );
            command_buffer.commit();
        });
    }
}

/// Metal's type of handlers.
type Handler = dyn Fn(NonNull<ProtocolObject<dyn MTLCommandBuffer>>);

/// Adds functions that Metal calls once each, on threads of its own.
fn add_handlers(
    command_buffer: &ProtocolObject<dyn MTLCommandBuffer>,
    scheduled: impl Fn(&ProtocolObject<dyn MTLCommandBuffer>) + Send + 'static,
    completed: impl Fn(&ProtocolObject<dyn MTLCommandBuffer>) + Send + 'static,
) {
    fn block(handler: impl Fn(&ProtocolObject<dyn MTLCommandBuffer>) + Send + 'static) -> RcBlock<Handler> {
        RcBlock::new(move |command_buffer: NonNull<ProtocolObject<dyn MTLCommandBuffer>>| {
            autoreleasepool(|_| {
                // SAFETY: Metal hands over a command buffer that lives during the call.
                let command_buffer = unsafe { command_buffer.as_ref() };
                // Nothing may unwind through Metal. A completion that is dropped by a panic tells of it.
                let _ = catch_unwind(AssertUnwindSafe(|| handler(command_buffer)));
            });
        })
    }
    let (scheduled, completed) = (block(scheduled), block(completed));
    // SAFETY: the blocks have the type that Metal demands, may be called on any thread, and are copied by Metal.
    unsafe {
        command_buffer.addScheduledHandler(RcBlock::as_ptr(&scheduled));
        command_buffer.addCompletedHandler(RcBlock::as_ptr(&completed));
    }
}

/// How the work has ended.
fn result(command_buffer: &ProtocolObject<dyn MTLCommandBuffer>, label: &str) -> Result<()> {
    let error = command_buffer.error();
    if command_buffer.status() != MTLCommandBufferStatus::Error && error.is_none() {
        return Ok(());
    }
    let (code, message) = error.map_or((0, "Metal gives no reason".into()), |error| {
        (error.code(), error.localizedDescription().to_string())
    });
    Err(DeviceFault { kind: fault::kind(code), command_buffer: label.to_owned(), message }.into())
}

/// When the GPU began and ended the work, on this process's clock; `None` if it has not run. Metal counts from the start of
/// the machine, as `systemUptime` does.
fn times(command_buffer: &ProtocolObject<dyn MTLCommandBuffer>) -> Option<(f64, f64)> {
    let (start, end) = (command_buffer.GPUStartTime(), command_buffer.GPUEndTime());
    if start <= 0.0 || end < start {
        return None;
    }
    let offset = clock::seconds() - NSProcessInfo::processInfo().systemUptime();
    Some((start + offset, end + offset))
}
