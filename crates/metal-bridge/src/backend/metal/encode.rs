//! Submissions as commands of Metal.

use std::ffi::c_void;
use std::ptr::NonNull;
use std::sync::OnceLock;

use objc2::Message;
use objc2::rc::{Retained, autoreleasepool};
use objc2::runtime::ProtocolObject;
use objc2_foundation::{NSRange, NSString};
use objc2_metal::{
    MTLBarrierScope, MTLBlitCommandEncoder, MTLCommandBuffer, MTLCommandEncoder, MTLComputeCommandEncoder,
    MTLComputePipelineState, MTLDevice, MTLDispatchType, MTLLibrary, MTLSize,
};
use objc2_metal_performance_shaders::MPSCommandBuffer;

use super::buffer::MetalBuffer;
use super::bytes::{self, Part};
use super::graph::{Failure, Run};
use super::limits::BLIT_GRANULE;
use super::pipeline::MetalPipeline;
use crate::backend::{Binding, BlitCommand, Buffer, ComputeCommand, Dispatch, Pass, own};
use crate::encoder::{BarrierScope, DispatchType};
use crate::error::{Error, Result};

type Compute = ProtocolObject<dyn MTLComputeCommandEncoder>;
type Blit = ProtocolObject<dyn MTLBlitCommandEncoder>;
type Pipeline = Retained<ProtocolObject<dyn MTLComputePipelineState>>;

/// Where passes are encoded.
pub(super) struct Target<'a> {
    pub(super) command_buffer: &'a ProtocolObject<dyn MTLCommandBuffer>,
    /// The same, if there are programs among the passes.
    pub(super) graphs: Option<&'a MPSCommandBuffer>,
    pub(super) kernels: &'a ByteKernels,
    /// What MPSGraph says of the programs when they have run.
    pub(super) failure: &'a Failure,
}

impl Target<'_> {
    /// Encodes the passes one after the other. To be called in a pool.
    pub(super) fn encode(&self, passes: &[Pass]) -> Result<()> {
        passes.iter().try_for_each(|pass| self.encode_pass(pass))
    }

    fn encode_pass(&self, pass: &Pass) -> Result<()> {
        match pass {
            Pass::Compute { label, dispatch_type, commands } => {
                let encoder = compute_encoder(self.command_buffer, label, *dispatch_type)?;
                encode_compute(&encoder, *dispatch_type, commands)
            }
            Pass::Blit { label, commands } => self.encode_blit(label, commands),
            Pass::Program { label, call } => {
                let Some(command_buffer) = self.graphs else {
                    let message = "a program without a command buffer for it".into();
                    return Err(Error::Internal { message });
                };
                let run = Run::new(call)?;
                self.encode_blit(label, &run.before)?;
                run.encode(command_buffer, self.failure)?;
                self.encode_blit(label, &run.after)
            }
        }
    }

    fn encode_blit(&self, label: &str, commands: &[BlitCommand]) -> Result<()> {
        let &Self { command_buffer, kernels, .. } = self;
        let mut pass = BlitPass { command_buffer, label, kernels, groups: Vec::new(), open: None };
        commands.iter().try_for_each(|command| pass.encode(command))
    }
}

/// An encoder that is ended when it is dropped, as all must be, also if something fails.
struct Encoder<E: MTLCommandEncoder + Message>(Retained<E>);

impl<E: MTLCommandEncoder + Message> Encoder<E> {
    fn new(encoder: Option<Retained<E>>, call: &'static str, label: &str) -> Result<Self> {
        let message = "the command buffer makes no encoder";
        let encoder = encoder.ok_or_else(|| Error::Metal { call, message: message.into() })?;
        if !label.is_empty() {
            encoder.setLabel(Some(&NSString::from_str(label)));
        }
        Ok(Self(encoder))
    }
}

impl<E: MTLCommandEncoder + Message> Drop for Encoder<E> {
    fn drop(&mut self) {
        self.0.endEncoding();
    }
}

fn compute_encoder(
    command_buffer: &ProtocolObject<dyn MTLCommandBuffer>,
    label: &str,
    dispatch_type: DispatchType,
) -> Result<Encoder<Compute>> {
    let dispatch_type = match dispatch_type {
        DispatchType::Serial => MTLDispatchType::Serial,
        DispatchType::Concurrent => MTLDispatchType::Concurrent,
    };
    let encoder = command_buffer.computeCommandEncoderWithDispatchType(dispatch_type);
    Encoder::new(encoder, "computeCommandEncoderWithDispatchType:", label)
}

fn encode_compute(
    Encoder(encoder): &Encoder<Compute>,
    dispatch_type: DispatchType,
    commands: &[ComputeCommand],
) -> Result<()> {
    let mut set: *const MetalPipeline = std::ptr::null();
    for command in commands {
        match command {
            ComputeCommand::Dispatch(dispatch) => {
                let pipeline: &MetalPipeline = own(&*dispatch.pipeline);
                if !std::ptr::eq(set, pipeline) {
                    encoder.setComputePipelineState(pipeline.metal());
                    set = pipeline;
                }
                encode_dispatch(encoder, dispatch);
            }
            ComputeCommand::Routine(call) => {
                let message = format!("a device without routines was given one: {}", call.routine);
                return Err(Error::Internal { message });
            }
            // Serial dispatches are ordered without.
            ComputeCommand::Barrier(BarrierScope::Buffers) => {
                if dispatch_type == DispatchType::Concurrent {
                    encoder.memoryBarrierWithScope(MTLBarrierScope::Buffers);
                }
            }
            ComputeCommand::PushDebugGroup(name) => encoder.pushDebugGroup(&NSString::from_str(name)),
            ComputeCommand::PopDebugGroup => encoder.popDebugGroup(),
        }
    }
    Ok(())
}

fn encode_dispatch(encoder: &Compute, dispatch: &Dispatch) {
    for (index, binding) in dispatch.buffers.iter().enumerate() {
        match binding {
            None => {}
            Some(Binding::Buffer { buffer, offset, .. }) => set_buffer(encoder, &**buffer, *offset, index),
            Some(Binding::Bytes(bytes)) => set_bytes(encoder, bytes.as_slice(), index),
        }
    }
    for (index, length) in dispatch.threadgroup_memory.iter().enumerate().filter(|(_, length)| **length > 0) {
        // SAFETY: the API has checked that the index exists and that the lengths fit the device.
        unsafe { encoder.setThreadgroupMemoryLength_atIndex(*length as usize, index) };
    }
    dispatch_threads(encoder, dispatch.threads_per_grid, dispatch.threads_per_threadgroup);
}

fn set_buffer(encoder: &Compute, buffer: &dyn Buffer, offset: usize, index: usize) {
    let buffer: &MetalBuffer = own(buffer);
    // SAFETY: the API has checked that the offset lies in the buffer and the index exists; the submission keeps the buffer
    // alive until the work has ended. What the kernel does with it is the kernel's affair, as everywhere with Metal.
    unsafe { encoder.setBuffer_offset_atIndex(Some(buffer.metal()), offset, index) };
}

/// At most 4,096 bytes, which the API has checked.
fn set_bytes(encoder: &Compute, bytes: &[u8], index: usize) {
    let address = NonNull::from(bytes).cast::<c_void>();
    // SAFETY: the address is of as many bytes, which Metal copies, and the API has checked the index.
    unsafe { encoder.setBytes_length_atIndex(address, bytes.len(), index) };
}

fn dispatch_threads(encoder: &Compute, threads: [u32; 3], group: [u32; 3]) {
    let size = |[width, height, depth]: [u32; 3]| MTLSize {
        width: width as usize,
        height: height as usize,
        depth: depth as usize,
    };
    // Whole threadgroups run on every GPU; for others the API has looked whether the GPU has them.
    if threads.iter().zip(group).all(|(all, each)| all.is_multiple_of(each)) {
        let groups = [0, 1, 2].map(|axis| threads[axis] / group[axis]);
        encoder.dispatchThreadgroups_threadsPerThreadgroup(size(groups), size(group));
    } else {
        encoder.dispatchThreads_threadsPerThreadgroup(size(threads), size(group));
    }
}

/// A blit pass that is being encoded: a blit encoder, and a compute encoder in its place for what that does not take. Metal
/// sees what both write, and orders them.
struct BlitPass<'a> {
    command_buffer: &'a ProtocolObject<dyn MTLCommandBuffer>,
    label: &'a str,
    kernels: &'a ByteKernels,
    /// Names of the open debug groups; each encoder opens and closes all.
    groups: Vec<Retained<NSString>>,
    open: Option<Open>,
}

enum Open {
    Blit(Encoder<Blit>),
    Compute(Encoder<Compute>),
}

impl BlitPass<'_> {
    fn encode(&mut self, command: &BlitCommand) -> Result<()> {
        match command {
            BlitCommand::Copy { source, source_offset, destination, destination_offset, size } => {
                for part in bytes::cut([*source_offset, *destination_offset], *size, BLIT_GRANULE) {
                    self.copy((&**source, *source_offset), (&**destination, *destination_offset), part)?;
                }
                Ok(())
            }
            BlitCommand::Fill { buffer, range, value } => {
                for part in bytes::cut([range.start; 2], range.len(), BLIT_GRANULE) {
                    self.fill(&**buffer, range.start, *value, part)?;
                }
                Ok(())
            }
            BlitCommand::Synchronize { buffer } => self.synchronize(&**buffer),
            BlitCommand::PushDebugGroup(name) => {
                let name = NSString::from_str(name);
                match &self.open {
                    Some(Open::Blit(Encoder(encoder))) => encoder.pushDebugGroup(&name),
                    Some(Open::Compute(Encoder(encoder))) => encoder.pushDebugGroup(&name),
                    None => {}
                }
                self.groups.push(name);
                Ok(())
            }
            BlitCommand::PopDebugGroup => {
                match &self.open {
                    Some(Open::Blit(Encoder(encoder))) => encoder.popDebugGroup(),
                    Some(Open::Compute(Encoder(encoder))) => encoder.popDebugGroup(),
                    None => {}
                }
                self.groups.pop();
                Ok(())
            }
        }
    }

    fn copy(&mut self, from: (&dyn Buffer, usize), to: (&dyn Buffer, usize), part: Part) -> Result<()> {
        match part {
            Part::Blit(range) => {
                let [source, destination] = [from, to].map(|(buffer, _)| own::<MetalBuffer>(buffer).metal());
                let encoder = self.blit()?;
                // SAFETY: the API has checked that both ranges lie in their buffers and do not overlap.
                unsafe {
                    encoder.copyFromBuffer_sourceOffset_toBuffer_destinationOffset_size(
                        source,
                        from.1 + range.start,
                        destination,
                        to.1 + range.start,
                        range.len(),
                    );
                }
            }
            Part::Kernel(range) => {
                let pipeline = self.kernels.pipelines()?[0].clone();
                let encoder = self.compute()?;
                encoder.setComputePipelineState(&pipeline);
                set_buffer(encoder, from.0, from.1 + range.start, 0);
                set_buffer(encoder, to.0, to.1 + range.start, 1);
                dispatch_bytes(encoder, &pipeline, range.len());
            }
        }
        Ok(())
    }

    fn fill(&mut self, buffer: &dyn Buffer, offset: usize, value: u8, part: Part) -> Result<()> {
        match part {
            Part::Blit(range) => {
                let metal = own::<MetalBuffer>(buffer).metal();
                let range = NSRange::new(offset + range.start, range.len());
                self.blit()?.fillBuffer_range_value(metal, range, value);
            }
            Part::Kernel(range) => {
                let pipeline = self.kernels.pipelines()?[1].clone();
                let encoder = self.compute()?;
                encoder.setComputePipelineState(&pipeline);
                set_buffer(encoder, buffer, offset + range.start, 0);
                set_bytes(encoder, &[value], 1);
                dispatch_bytes(encoder, &pipeline, range.len());
            }
        }
        Ok(())
    }

    /// Where there are two copies of a buffer, the host's becomes the device's.
    #[cfg(target_os = "macos")]
    fn synchronize(&mut self, buffer: &dyn Buffer) -> Result<()> {
        let buffer: &MetalBuffer = own(buffer);
        if buffer.is_managed() {
            self.blit()?.synchronizeResource(ProtocolObject::from_ref(buffer.metal()));
        }
        Ok(())
    }

    #[cfg(not(target_os = "macos"))]
    fn synchronize(&mut self, _: &dyn Buffer) -> Result<()> {
        Ok(())
    }

    /// The blit encoder, opened if another one or none is open.
    fn blit(&mut self) -> Result<&Blit> {
        if !matches!(self.open, Some(Open::Blit(_))) {
            self.close();
            let encoder =
                Encoder::new(self.command_buffer.blitCommandEncoder(), "blitCommandEncoder", self.label)?;
            self.groups.iter().for_each(|name| encoder.0.pushDebugGroup(name));
            self.open = Some(Open::Blit(encoder));
        }
        match &self.open {
            Some(Open::Blit(encoder)) => Ok(&encoder.0),
            _ => unreachable!("it has just been opened"),
        }
    }

    /// The compute encoder, likewise.
    fn compute(&mut self) -> Result<&Compute> {
        if !matches!(self.open, Some(Open::Compute(_))) {
            self.close();
            let encoder = compute_encoder(self.command_buffer, self.label, DispatchType::Serial)?;
            self.groups.iter().for_each(|name| encoder.0.pushDebugGroup(name));
            self.open = Some(Open::Compute(encoder));
        }
        match &self.open {
            Some(Open::Compute(encoder)) => Ok(&encoder.0),
            _ => unreachable!("it has just been opened"),
        }
    }

    /// Ends the open encoder, whose groups must be closed before.
    fn close(&mut self) {
        match self.open.take() {
            Some(Open::Blit(encoder)) => self.groups.iter().for_each(|_| encoder.0.popDebugGroup()),
            Some(Open::Compute(encoder)) => self.groups.iter().for_each(|_| encoder.0.popDebugGroup()),
            None => {}
        }
    }
}

/// One thread for each of some bytes, of which there are not more than threads can count.
fn dispatch_bytes(encoder: &Compute, pipeline: &ProtocolObject<dyn MTLComputePipelineState>, count: usize) {
    let width = pipeline.threadExecutionWidth();
    dispatch_threads(encoder, [count as u32, 1, 1], [width as u32, 1, 1]);
}

/// The kernels for what blit encoders do not take, compiled when one is needed.
#[derive(Debug)]
pub(super) struct ByteKernels {
    device: Retained<ProtocolObject<dyn MTLDevice>>,
    pipelines: OnceLock<Result<[Pipeline; 2]>>,
}

impl ByteKernels {
    pub(super) fn new(device: Retained<ProtocolObject<dyn MTLDevice>>) -> Self {
        Self { device, pipelines: OnceLock::new() }
    }

    /// Threads of a SIMD-group of these kernels, if they can be compiled.
    pub(super) fn thread_execution_width(&self) -> Option<usize> {
        Some(self.pipelines().ok()?[0].threadExecutionWidth())
    }

    /// That which copies and that which fills.
    fn pipelines(&self) -> Result<&[Pipeline; 2]> {
        self.pipelines.get_or_init(|| autoreleasepool(|_| self.compile())).as_ref().map_err(Error::clone)
    }

    fn compile(&self) -> Result<[Pipeline; 2]> {
        let failed = |call, message: String| Error::Metal { call, message };
        let source = NSString::from_str(bytes::SOURCE);
        let library = self.device.newLibraryWithSource_options_error(&source, None).map_err(|error| {
            failed("newLibraryWithSource:options:error:", error.localizedDescription().to_string())
        })?;
        let pipeline = |name: &str| {
            let function = library
                .newFunctionWithName(&NSString::from_str(name))
                .ok_or_else(|| failed("newFunctionWithName:", format!("there is no `{name}`")))?;
            self.device.newComputePipelineStateWithFunction_error(&function).map_err(|error| {
                let message = error.localizedDescription().to_string();
                failed("newComputePipelineStateWithFunction:error:", message)
            })
        };
        Ok([pipeline("copy_bytes")?, pipeline("fill_bytes")?])
    }
}
