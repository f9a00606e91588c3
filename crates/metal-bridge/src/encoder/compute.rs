//! The encoder for kernels.

use std::fmt;

use bytemuck::Pod;

use super::dispatch::{Bound, Grid, THREADGROUP_MEMORY_GRANULE, bind_from, prepare};
use super::{BarrierScope, DispatchType, check_device, encoder};
use crate::backend::routine::Routine;
use crate::backend::{Bytes, ComputeCommand, Pass, RoutineCall};
use crate::buffer::Buffer;
use crate::command_buffer::{CommandBuffer, Uses, add_use};
use crate::device::{MAX_BUFFERS, MAX_BYTES_LENGTH};
use crate::error::{Error, Result, named};
use crate::pipeline::ComputePipelineState;
use crate::size::Size;

/// Encodes runs of kernels; made by [`CommandBuffer::new_compute_command_encoder`].
///
/// Must be ended with [`end_encoding`](Self::end_encoding). A call that fails makes the command buffer's
/// `commit` fail as well; see [`command_buffer`](crate::command_buffer).
#[doc(alias = "MTLComputeCommandEncoder")]
#[must_use = "an encoder that is not ended makes its command buffer unusable"]
pub struct ComputeCommandEncoder {
    command_buffer: CommandBuffer,
    label: String,
    dispatch_type: DispatchType,
    pipeline: Option<ComputePipelineState>,
    buffers: [Option<Bound>; MAX_BUFFERS],
    threadgroup_memory: [u32; MAX_BUFFERS],
    commands: Vec<ComputeCommand>,
    uses: Uses,
    debug_groups: usize,
    ended: bool,
}

encoder!(ComputeCommandEncoder, ComputeCommand, "compute command encoder");

impl ComputeCommandEncoder {
    pub(crate) fn new(command_buffer: CommandBuffer, dispatch_type: DispatchType) -> Self {
        Self {
            command_buffer,
            label: String::new(),
            dispatch_type,
            pipeline: None,
            buffers: [const { None }; MAX_BUFFERS],
            threadgroup_memory: [0; MAX_BUFFERS],
            commands: Vec::new(),
            uses: Uses::new(),
            debug_groups: 0,
            ended: false,
        }
    }

    /// Whether dispatches may overlap.
    #[doc(alias = "dispatchType")]
    pub fn dispatch_type(&self) -> DispatchType {
        self.dispatch_type
    }

    /// Sets the pipeline that the following dispatches run.
    ///
    /// # Errors
    ///
    /// If the pipeline is of another device.
    #[doc(alias = "setComputePipelineState:")]
    #[doc(alias = "SetComputePipelineState")]
    pub fn set_compute_pipeline_state(&mut self, pipeline: &ComputePipelineState) -> Result<()> {
        self.checked(|this| {
            check_device(this.command_buffer.device(), pipeline.device(), || pipeline.describe())?;
            this.pipeline = Some(pipeline.clone());
            Ok(())
        })
    }

    /// Binds a buffer, from a byte offset on, to a buffer index.
    ///
    /// # Errors
    ///
    /// If the buffer is of another device, the offset is not within it, or the index is over 30.
    #[doc(alias = "setBuffer:offset:atIndex:")]
    #[doc(alias = "SetBuffer")]
    pub fn set_buffer(&mut self, buffer: &Buffer, offset: usize, index: usize) -> Result<()> {
        self.checked(|this| this.bind_buffer("set_buffer", buffer, offset, index))
    }

    /// Binds buffers, each from a byte offset on, to successive buffer indices.
    ///
    /// # Errors
    ///
    /// As [`set_buffer`](Self::set_buffer); the buffers before the one that fails are bound.
    #[doc(alias = "setBuffers:offsets:withRange:")]
    pub fn set_buffers(&mut self, first_index: usize, buffers: &[(&Buffer, usize)]) -> Result<()> {
        self.checked(|this| {
            for (i, (buffer, offset)) in buffers.iter().enumerate() {
                this.bind_buffer("set_buffers", buffer, *offset, first_index.saturating_add(i))?;
            }
            Ok(())
        })
    }

    /// Changes the byte offset of the buffer bound to an index.
    ///
    /// # Errors
    ///
    /// If no buffer is bound there, the offset is not within it, or the index is over 30.
    #[doc(alias = "setBufferOffset:atIndex:")]
    pub fn set_buffer_offset(&mut self, offset: usize, index: usize) -> Result<()> {
        self.checked(|this| {
            check_index("set_buffer_offset", index)?;
            let Some(Bound::Buffer { buffer, offset: bound }) = &mut this.buffers[index] else {
                return Err(Error::NoBufferAtIndex { index });
            };
            check_offset(buffer, offset, index)?;
            *bound = offset;
            Ok(())
        })
    }

    /// Binds a copy of some values, at most 4,096 bytes, to a buffer index that the kernel only reads.
    ///
    /// # Errors
    ///
    /// If there are no bytes or too many, or the index is over 30.
    #[doc(alias = "setBytes:length:atIndex:")]
    pub fn set_bytes<T: Pod>(&mut self, values: &[T], index: usize) -> Result<()> {
        self.checked(|this| {
            check_index("set_bytes", index)?;
            let bytes: &[u8] = bytemuck::cast_slice(values);
            if bytes.is_empty() || bytes.len() > MAX_BYTES_LENGTH {
                return Err(Error::BytesLength { index, length: bytes.len(), limit: MAX_BYTES_LENGTH });
            }
            this.buffers[index] = Some(Bound::Bytes(Bytes::new(bytes)));
            Ok(())
        })
    }

    /// Gives a threadgroup-memory index a number of bytes, a multiple of 16.
    ///
    /// # Errors
    ///
    /// If the length is no multiple of 16 or more than the device has, or the index is over 30.
    #[doc(alias = "setThreadgroupMemoryLength:atIndex:")]
    pub fn set_threadgroup_memory_length(&mut self, length: usize, index: usize) -> Result<()> {
        self.checked(|this| {
            check_index("set_threadgroup_memory_length", index)?;
            if !length.is_multiple_of(THREADGROUP_MEMORY_GRANULE) {
                return Err(Error::ThreadgroupMemoryLength { index, length });
            }
            let limit = this.command_buffer.device().max_threadgroup_memory_length();
            this.threadgroup_memory[index] = u32::try_from(length)
                .ok()
                .filter(|_| length <= limit)
                .ok_or(Error::ThreadgroupMemoryTooLarge { kernel: None, declared: 0, set: length, limit })?;
            Ok(())
        })
    }

    /// Runs the kernel for a grid of threads. The grid need not be a multiple of the threadgroup: the last
    /// threadgroups along each axis are then smaller. With an empty grid nothing happens.
    ///
    /// # Errors
    ///
    /// If no pipeline is set, a size is impossible, or something is wrong with what is bound for an argument.
    #[doc(alias = "dispatchThreads:threadsPerThreadgroup:")]
    #[doc(alias = "DispatchThreads")]
    pub fn dispatch_threads(
        &mut self,
        threads_per_grid: impl Into<Size>,
        threads_per_threadgroup: impl Into<Size>,
    ) -> Result<()> {
        self.dispatch(Grid::Threads(threads_per_grid.into()), threads_per_threadgroup.into())
    }

    /// Runs the kernel for a grid of full threadgroups. With an empty grid nothing happens.
    ///
    /// # Errors
    ///
    /// As [`dispatch_threads`](Self::dispatch_threads).
    #[doc(alias = "dispatchThreadgroups:threadsPerThreadgroup:")]
    pub fn dispatch_threadgroups(
        &mut self,
        threadgroups_per_grid: impl Into<Size>,
        threads_per_threadgroup: impl Into<Size>,
    ) -> Result<()> {
        self.dispatch(Grid::Threadgroups(threadgroups_per_grid.into()), threads_per_threadgroup.into())
    }

    /// Runs a routine that the device has. `bias` and `scratch` are there if the routine needs them. The caller has checked
    /// that everything is of this device, large enough from its byte offset on, aligned, and that the result
    /// and the scratch memory overlap nothing else. If the second operand is laid out, [`Device::lay_out`](crate::Device::lay_out) has made it.
    pub(crate) fn perform(
        &mut self,
        routine: &Routine,
        operands: [(&Buffer, usize); 2],
        laid_out: bool,
        bias: Option<(&Buffer, usize)>,
        result: (&Buffer, usize),
        scratch: Option<(&Buffer, usize)>,
    ) {
        let mut bind = |(buffer, offset): (&Buffer, usize), writes| {
            add_use(&mut self.uses, buffer, writes);
            bind_from(buffer, offset)
        };
        let call = RoutineCall {
            routine: routine.clone(),
            operands: operands.map(|operand| bind(operand, false)),
            laid_out,
            bias: bias.map(|bias| bind(bias, false)),
            result: bind(result, true),
            scratch: scratch.map(|scratch| bind(scratch, true)),
        };
        self.commands.push(ComputeCommand::Routine(Box::new(call)));
    }

    /// In a [`Concurrent`](DispatchType::Concurrent) encoder: the dispatches after it see what those before
    /// it did.
    ///
    /// # Errors
    ///
    /// None so far.
    #[doc(alias = "memoryBarrierWithScope:")]
    pub fn memory_barrier_with_scope(&mut self, scope: BarrierScope) -> Result<()> {
        self.commands.push(ComputeCommand::Barrier(scope));
        Ok(())
    }

    /// As [`memory_barrier_with_scope`](Self::memory_barrier_with_scope), for these buffers at least.
    ///
    /// # Errors
    ///
    /// If a buffer is of another device.
    #[doc(alias = "memoryBarrierWithResources:count:")]
    pub fn memory_barrier_with_resources(&mut self, buffers: &[&Buffer]) -> Result<()> {
        self.checked(|this| {
            for buffer in buffers {
                check_device(this.command_buffer.device(), buffer.device(), || buffer.describe())?;
            }
            this.commands.push(ComputeCommand::Barrier(BarrierScope::Buffers));
            Ok(())
        })
    }

    /// Ends the encoder; its commands are now part of the command buffer.
    ///
    /// # Errors
    ///
    /// If a debug group is open.
    #[doc(alias = "endEncoding")]
    #[doc(alias = "EndEncoding")]
    pub fn end_encoding(mut self) -> Result<()> {
        let result = self.close_groups();
        self.ended = true;
        let pass = Pass::Compute {
            label: std::mem::take(&mut self.label),
            dispatch_type: self.dispatch_type,
            commands: std::mem::take(&mut self.commands),
        };
        self.command_buffer.end_encoder(pass, std::mem::take(&mut self.uses));
        result
    }

    fn dispatch(&mut self, grid: Grid, threads_per_threadgroup: Size) -> Result<()> {
        self.checked(|this| {
            let pipeline = this.pipeline.as_ref().ok_or(Error::NoPipeline)?;
            let dispatch = prepare(
                pipeline,
                &this.buffers,
                &this.threadgroup_memory,
                grid,
                threads_per_threadgroup,
                &mut this.uses,
            )?;
            this.commands.extend(dispatch.map(|dispatch| ComputeCommand::Dispatch(Box::new(dispatch))));
            Ok(())
        })
    }

    fn bind_buffer(
        &mut self,
        operation: &'static str,
        buffer: &Buffer,
        offset: usize,
        index: usize,
    ) -> Result<()> {
        check_index(operation, index)?;
        check_device(self.command_buffer.device(), buffer.device(), || buffer.describe())?;
        check_offset(buffer, offset, index)?;
        self.buffers[index] = Some(Bound::Buffer { buffer: buffer.clone(), offset });
        Ok(())
    }
}

fn check_index(operation: &'static str, index: usize) -> Result<()> {
    if index < MAX_BUFFERS {
        return Ok(());
    }
    Err(Error::Index { operation, index, count: MAX_BUFFERS })
}

fn check_offset(buffer: &Buffer, offset: usize, index: usize) -> Result<()> {
    if offset < buffer.length() {
        return Ok(());
    }
    Err(Error::BufferOffset { buffer: buffer.name(), index, offset, length: buffer.length() })
}
