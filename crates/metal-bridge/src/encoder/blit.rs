//! The encoder for copies and fills.

use std::fmt;
use std::ops::Range;

use super::{check_device, encoder};
use crate::backend::{BlitCommand, Pass};
use crate::buffer::{Buffer, StorageMode};
use crate::command_buffer::{CommandBuffer, Uses, add_use};
use crate::error::{Error, Result, named};

/// Encodes copies between buffers and fills; made by [`CommandBuffer::new_blit_command_encoder`].
///
/// Must be ended with [`end_encoding`](Self::end_encoding). A call that fails makes the command buffer's
/// `commit` fail as well; see [`command_buffer`](crate::command_buffer).
#[doc(alias = "MTLBlitCommandEncoder")]
#[must_use = "an encoder that is not ended makes its command buffer unusable"]
pub struct BlitCommandEncoder {
    command_buffer: CommandBuffer,
    label: String,
    commands: Vec<BlitCommand>,
    uses: Uses,
    debug_groups: usize,
    ended: bool,
}

encoder!(BlitCommandEncoder, BlitCommand, "blit command encoder");

impl BlitCommandEncoder {
    pub(crate) fn new(command_buffer: CommandBuffer) -> Self {
        Self {
            command_buffer,
            label: String::new(),
            commands: Vec::new(),
            uses: Uses::new(),
            debug_groups: 0,
            ended: false,
        }
    }

    /// Copies bytes from one buffer to another, or to another place of the same one. Storage modes do not
    /// matter. With a size of 0 nothing happens.
    ///
    /// # Errors
    ///
    /// If a range is not within its buffer, the ranges overlap, or a buffer is of another device.
    #[doc(alias = "copyFromBuffer:sourceOffset:toBuffer:destinationOffset:size:")]
    pub fn copy_from_buffer(
        &mut self,
        source: &Buffer,
        source_offset: usize,
        destination: &Buffer,
        destination_offset: usize,
        size: usize,
    ) -> Result<()> {
        self.checked(|this| {
            this.check_buffer(source)?;
            this.check_buffer(destination)?;
            source.check_range("copy_from_buffer", source_offset, size)?;
            destination.check_range("copy_from_buffer", destination_offset, size)?;
            if size == 0 {
                return Ok(());
            }
            if source == destination && source_offset.abs_diff(destination_offset) < size {
                let buffer = source.describe();
                return Err(Error::OverlappingCopy { buffer, source_offset, destination_offset, size });
            }
            add_use(&mut this.uses, source, false);
            add_use(&mut this.uses, destination, true);
            this.commands.push(BlitCommand::Copy {
                source: source.backend().clone(),
                source_offset: source.backend_offset() + source_offset,
                destination: destination.backend().clone(),
                destination_offset: destination.backend_offset() + destination_offset,
                size,
            });
            Ok(())
        })
    }

    /// Sets a range of bytes to a value. With an empty range nothing happens.
    ///
    /// # Errors
    ///
    /// If the range is not within the buffer, or the buffer is of another device.
    #[doc(alias = "fillBuffer:range:value:")]
    pub fn fill_buffer(&mut self, buffer: &Buffer, range: Range<usize>, value: u8) -> Result<()> {
        self.checked(|this| {
            this.check_buffer(buffer)?;
            let size = range.end.saturating_sub(range.start);
            buffer.check_range("fill_buffer", range.start, size)?;
            if size > 0 {
                add_use(&mut this.uses, buffer, true);
                let offset = buffer.backend_offset();
                let range = range.start + offset..range.end + offset;
                this.commands.push(BlitCommand::Fill { buffer: buffer.backend().clone(), range, value });
            }
            Ok(())
        })
    }

    /// Makes what the device wrote to a managed buffer visible to the host once the command buffer has ended.
    ///
    /// # Errors
    ///
    /// If the buffer is not managed, or of another device.
    #[doc(alias = "synchronizeResource:")]
    pub fn synchronize_resource(&mut self, buffer: &Buffer) -> Result<()> {
        self.checked(|this| {
            this.check_buffer(buffer)?;
            if buffer.storage_mode() != StorageMode::Managed {
                let (operation, mode) = ("synchronize_resource", buffer.storage_mode());
                return Err(Error::NotManaged { operation, buffer: buffer.describe(), mode });
            }
            add_use(&mut this.uses, buffer, true);
            this.commands.push(BlitCommand::Synchronize { buffer: buffer.backend().clone() });
            Ok(())
        })
    }

    /// Ends the encoder; its commands are now part of the command buffer.
    ///
    /// # Errors
    ///
    /// If a debug group is open.
    #[doc(alias = "endEncoding")]
    pub fn end_encoding(mut self) -> Result<()> {
        let result = self.close_groups();
        self.ended = true;
        let pass = Pass::Blit {
            label: std::mem::take(&mut self.label),
            commands: std::mem::take(&mut self.commands),
        };
        self.command_buffer.end_encoder(pass, std::mem::take(&mut self.uses));
        result
    }

    fn check_buffer(&self, buffer: &Buffer) -> Result<()> {
        check_device(self.command_buffer.device(), buffer.device(), || buffer.describe())
    }
}
