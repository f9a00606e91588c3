//! Memory that kernels work on.
//!
//! A [`Buffer`] is a cheap handle. Typed access from the host is safe: a call waits until no committed
//! work is left that conflicts with it — reading waits for work that writes the buffer, writing for all
//! work that uses it. [`map_read`](Buffer::map_read) and [`map_write`](Buffer::map_write) give slices; while
//! one lives, [`commit`](crate::CommandBuffer::commit) of work that conflicts with it is an
//! [`Error::BufferMapped`], and so are host calls that conflict with it.
//!
//! Work that is encoded but not committed does not count.
//!
//! ```
//! use metal_bridge::{Device, ResourceOptions};
//!
//! # fn main() -> metal_bridge::Result<()> {
//! let device = Device::null();
//! let buffer = device.new_buffer_with_data(&[1.0f32, 2.0, 3.0], ResourceOptions::default())?;
//! buffer.write_at(4, &[5.0f32])?;
//! assert_eq!(buffer.read::<f32>()?, [1.0, 5.0, 3.0]);
//!
//! buffer.map_write::<f32>()?[2] = 7.0;
//! assert_eq!(buffer.map_read::<f32>()?[..], [1.0, 5.0, 7.0]);
//! # Ok(())
//! # }
//! ```

mod access;
mod view;

use std::any::type_name;
use std::fmt;
use std::ops::Range;
use std::ptr::NonNull;
use std::sync::Arc;
use std::time::Duration;

use bytemuck::Pod;

pub(crate) use access::Access;
pub use view::{BufferView, BufferViewMut};

use crate::allocator::Lease;
use crate::backend;
use crate::device::Device;
use crate::error::{Error, Result, named};
use crate::failure::Failure;
use crate::sync::{Mutex, lock};

/// Where a buffer's memory lies, and who may access it.
///
/// On the CPU device all modes are plain memory; the rules are kept all the same, so that a program that
/// works there works on every device.
#[doc(alias = "MTLStorageMode")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum StorageMode {
    /// Host and device access the same memory.
    #[default]
    #[doc(alias = "MTLStorageModeShared")]
    Shared,
    /// Host and device may have a copy each. After the device has written, a blit encoder's
    /// [`synchronize_resource`](crate::BlitCommandEncoder::synchronize_resource) makes it visible to the
    /// host; after the host has written through [`contents`](Buffer::contents),
    /// [`did_modify_range`](Buffer::did_modify_range) makes it visible to the device. (Safe writing calls do
    /// that by themselves.) On the CPU device there is one copy, so nothing goes wrong there without these
    /// calls.
    #[doc(alias = "MTLStorageModeManaged")]
    Managed,
    /// The device's alone: the host reaches the contents by blit copies only.
    #[doc(alias = "MTLStorageModePrivate")]
    Private,
}

/// Options for making a buffer; so far, its storage mode.
#[doc(alias = "MTLResourceOptions")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ResourceOptions {
    storage_mode: StorageMode,
}

impl ResourceOptions {
    /// [`StorageMode::Shared`], the default.
    #[doc(alias = "MTLResourceStorageModeShared")]
    #[doc(alias = "ResourceStorageModeShared")]
    pub const STORAGE_MODE_SHARED: Self = Self { storage_mode: StorageMode::Shared };
    /// [`StorageMode::Managed`].
    #[doc(alias = "MTLResourceStorageModeManaged")]
    #[doc(alias = "ResourceStorageModeManaged")]
    pub const STORAGE_MODE_MANAGED: Self = Self { storage_mode: StorageMode::Managed };
    /// [`StorageMode::Private`].
    #[doc(alias = "MTLResourceStorageModePrivate")]
    #[doc(alias = "ResourceStorageModePrivate")]
    pub const STORAGE_MODE_PRIVATE: Self = Self { storage_mode: StorageMode::Private };

    /// The storage mode.
    pub const fn storage_mode(self) -> StorageMode {
        self.storage_mode
    }
}

impl From<StorageMode> for ResourceOptions {
    fn from(storage_mode: StorageMode) -> Self {
        Self { storage_mode }
    }
}

/// Memory that kernels and the host can work on. A cheap handle: clones are the same buffer.
///
/// The memory starts as zeros (or as a copy of the data given), is aligned to at least 256 bytes, and is freed
/// when neither a handle nor committed work uses it any more. Buffers of an
/// [allocator](crate::BufferAllocator) are like any other, but start with whatever is in their memory, which goes
/// back to the allocator instead; so are buffers in memory of other libraries, which is aligned to 64 bytes.
#[doc(alias = "MTLBuffer")]
#[derive(Clone)]
pub struct Buffer(Arc<Inner>);

struct Inner {
    /// Dropped with the last handle. Committed work keeps a handle until it has ended, so memory that goes back to
    /// an allocator is not in use.
    storage: Storage,
    /// Where the buffer begins in the back end's.
    offset: usize,
    length: usize,
    /// What the address of the first byte is a multiple of.
    alignment: usize,
    storage_mode: StorageMode,
    label: Mutex<String>,
    access: Access,
}

/// Whose memory it is.
enum Storage {
    Own { device: Device, backend: Arc<dyn backend::Buffer> },
    Pooled(Lease),
}

impl Buffer {
    pub(crate) fn new(
        device: Device,
        backend: Arc<dyn backend::Buffer>,
        length: usize,
        storage_mode: StorageMode,
    ) -> Self {
        Self::over(Storage::Own { device, backend }, 0, length, backend::memory::ALIGNMENT, storage_mode)
    }

    /// A buffer in memory of somebody else.
    #[cfg(feature = "dlpack")]
    pub(crate) fn foreign(device: Device, backend: Arc<dyn backend::Buffer>, length: usize) -> Self {
        let alignment = backend::memory::FOREIGN_ALIGNMENT;
        Self::over(Storage::Own { device, backend }, 0, length, alignment, StorageMode::Shared)
    }

    /// A part of an allocator's memory, from an offset that is a multiple of the alignment. Nobody else uses that part
    /// until the lease is dropped.
    pub(crate) fn pooled(lease: Lease, offset: usize, length: usize, storage_mode: StorageMode) -> Self {
        Self::over(Storage::Pooled(lease), offset, length, backend::memory::ALIGNMENT, storage_mode)
    }

    fn over(
        storage: Storage,
        offset: usize,
        length: usize,
        alignment: usize,
        storage_mode: StorageMode,
    ) -> Self {
        let (label, access) = (Mutex::default(), Access::default());
        Self(Arc::new(Inner { storage, offset, length, alignment, storage_mode, label, access }))
    }

    /// The device that made it.
    pub fn device(&self) -> &Device {
        match &self.0.storage {
            Storage::Own { device, .. } => device,
            Storage::Pooled(lease) => lease.device(),
        }
    }

    /// Length in bytes.
    #[doc(alias = "Length")]
    pub fn length(&self) -> usize {
        self.0.length
    }

    /// The storage mode.
    #[doc(alias = "storageMode")]
    pub fn storage_mode(&self) -> StorageMode {
        self.0.storage_mode
    }

    /// The options it was made with.
    #[doc(alias = "resourceOptions")]
    pub fn resource_options(&self) -> ResourceOptions {
        self.storage_mode().into()
    }

    /// The label; empty if none was set.
    pub fn label(&self) -> String {
        lock(&self.0.label).clone()
    }

    /// Sets a label, by which errors then name the buffer.
    #[doc(alias = "setLabel:")]
    pub fn set_label(&self, label: impl Into<String>) {
        let label = label.into();
        match &self.0.storage {
            Storage::Own { backend, .. } => backend.set_label(&label),
            Storage::Pooled(lease) => lease.set_label(&label),
        }
        *lock(&self.0.label) = label;
    }

    /// The address of the first byte; `None` if the buffer is private.
    ///
    /// # Safety
    ///
    /// Whoever uses the address must keep to the rules that the safe calls keep by themselves: the buffer
    /// lives; no access while committed work writes it, no writing while committed work uses it; and
    /// [`did_modify_range`](Self::did_modify_range) after writing to a managed buffer.
    #[doc(alias = "Contents")]
    pub unsafe fn contents(&self) -> Option<NonNull<u8>> {
        (self.storage_mode() != StorageMode::Private).then(|| self.address())
    }

    /// Tells the device that the host has changed bytes of a managed buffer through
    /// [`contents`](Self::contents).
    ///
    /// # Errors
    ///
    /// If the buffer is not managed, or the range is not within it.
    #[doc(alias = "didModifyRange:")]
    pub fn did_modify_range(&self, range: Range<usize>) -> Result<()> {
        let operation = "did_modify_range";
        if self.storage_mode() != StorageMode::Managed {
            return Err(Error::NotManaged { operation, buffer: self.describe(), mode: self.storage_mode() });
        }
        self.check_range(operation, range.start, range.end.saturating_sub(range.start))?;
        self.modified(range);
        Ok(())
    }

    /// Copies the whole buffer out, after waiting for committed work that writes it.
    ///
    /// What work that failed should have written is unspecified. No such failure goes unnoticed: if nobody has asked the
    /// command buffer yet ([`wait_until_completed`](crate::CommandBuffer::wait_until_completed),
    /// [`status`](crate::CommandBuffer::status), [`error`](crate::CommandBuffer::error)), its error is this call's, once;
    /// after that what is there can be read.
    ///
    /// # Errors
    ///
    /// If the buffer is private, is mapped for writing, is not a whole number of `T` long, if there is no memory for the
    /// copy, or as said if work that writes the buffer has failed.
    pub fn read<T: Pod>(&self) -> Result<Vec<T>> {
        self.read_range(0..self.length())
    }

    /// Copies a range of bytes out, as [`read`](Self::read) does with all. The range need not be aligned.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read), or if the range is not within the buffer.
    pub fn read_range<T: Pod>(&self, bytes: Range<usize>) -> Result<Vec<T>> {
        let operation = "read";
        let size = bytes.end.saturating_sub(bytes.start);
        let count = self.element_count::<T>(operation, bytes.start, size, false)?;
        let mut elements = Vec::new();
        elements.try_reserve_exact(count).map_err(|_| Error::OutOfMemory {
            length: size,
            allocated: self.device().current_allocated_size(),
            limit: self.device().memory_limit(),
        })?;
        elements.resize(count, T::zeroed());
        self.copy_out(operation, bytes.start, &mut elements)?;
        Ok(elements)
    }

    /// Copies bytes from an offset on into a slice, after waiting for committed work that writes the buffer.
    /// The offset need not be aligned.
    ///
    /// # Errors
    ///
    /// If the buffer is private, mapped for writing, or too short, or, as with [`read`](Self::read), if work that writes it
    /// has failed.
    pub fn read_into<T: Pod>(&self, byte_offset: usize, elements: &mut [T]) -> Result<()> {
        self.copy_out("read_into", byte_offset, elements)
    }

    /// Copies elements to the start of the buffer, after waiting for all committed work that uses it.
    ///
    /// # Errors
    ///
    /// If the buffer is private, mapped, or too short.
    pub fn write<T: Pod>(&self, elements: &[T]) -> Result<()> {
        self.write_at(0, elements)
    }

    /// Copies elements to an offset in bytes, as [`write`](Self::write) does to the start. The offset need
    /// not be aligned.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub fn write_at<T: Pod>(&self, byte_offset: usize, elements: &[T]) -> Result<()> {
        let operation = "write";
        let bytes: &[u8] = bytemuck::cast_slice(elements);
        self.check_host_access(operation, byte_offset, bytes.len())?;
        if bytes.is_empty() {
            return Ok(());
        }
        self.0
            .access
            .begin_host_write(self.patience())
            .map_err(|conflict| self.mapped(operation, conflict))?;
        // SAFETY: the range was checked, and until `end_host_write` neither views of the host nor committed
        // work use the buffer; `bytes` is another object, since views of this buffer are excluded.
        unsafe {
            let to = self.address().as_ptr().add(byte_offset);
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len());
        }
        self.modified(byte_offset..byte_offset + bytes.len());
        self.0.access.end_host_write();
        Ok(())
    }

    /// The whole buffer as a slice to read, after waiting for committed work that writes it.
    ///
    /// While the view lives, committing work that writes the buffer is an error.
    ///
    /// # Errors
    ///
    /// If the buffer is private, mapped for writing, or not a whole number of `T` long, or, as with [`read`](Self::read), if
    /// work that writes it has failed.
    pub fn map_read<T: Pod>(&self) -> Result<BufferView<T>> {
        self.map_read_range(0..self.length())
    }

    /// A range of bytes as a slice to read, as [`map_read`](Self::map_read) gives the whole buffer.
    ///
    /// # Errors
    ///
    /// As [`map_read`](Self::map_read), or if the range is not within the buffer or not aligned for `T`.
    pub fn map_read_range<T: Pod>(&self, bytes: Range<usize>) -> Result<BufferView<T>> {
        let operation = "map_read";
        let size = bytes.end.saturating_sub(bytes.start);
        let count = self.element_count::<T>(operation, bytes.start, size, true)?;
        self.0.access.begin_view(self.patience()).map_err(|conflict| self.mapped(operation, conflict))?;
        let view = BufferView::new(self.clone(), bytes.start, count);
        self.0.access.failure().map_or(Ok(view), Err)
    }

    /// The whole buffer as a slice to read and write, after waiting for all committed work that uses it.
    ///
    /// While the view lives, committing work that uses the buffer is an error.
    ///
    /// # Errors
    ///
    /// If the buffer is private, mapped, or not a whole number of `T` long, or, as with [`read`](Self::read), if work that
    /// writes it has failed.
    pub fn map_write<T: Pod>(&self) -> Result<BufferViewMut<T>> {
        self.map_write_range(0..self.length())
    }

    /// A range of bytes as a slice to read and write, as [`map_write`](Self::map_write) gives the whole
    /// buffer. The whole buffer counts as mapped.
    ///
    /// # Errors
    ///
    /// As [`map_write`](Self::map_write), or if the range is not within the buffer or not aligned for `T`.
    pub fn map_write_range<T: Pod>(&self, bytes: Range<usize>) -> Result<BufferViewMut<T>> {
        let operation = "map_write";
        let size = bytes.end.saturating_sub(bytes.start);
        let count = self.element_count::<T>(operation, bytes.start, size, true)?;
        self.0.access.begin_view_mut(self.patience()).map_err(|conflict| self.mapped(operation, conflict))?;
        let view = BufferViewMut::new(self.clone(), bytes.start, count);
        self.0.access.failure().map_or(Ok(view), Err)
    }

    fn copy_out<T: Pod>(&self, operation: &'static str, offset: usize, elements: &mut [T]) -> Result<()> {
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(elements);
        self.check_host_access(operation, offset, bytes.len())?;
        if bytes.is_empty() {
            return Ok(());
        }
        self.0
            .access
            .begin_host_read(self.patience())
            .map_err(|conflict| self.mapped(operation, conflict))?;
        // SAFETY: the range was checked, and until `end_host_read` nobody writes to the buffer; `bytes` is
        // another object, since mutable views of this buffer are excluded.
        unsafe {
            let from = self.address().as_ptr().add(offset);
            std::ptr::copy_nonoverlapping(from, bytes.as_mut_ptr(), bytes.len());
        }
        self.0.access.end_host_read();
        self.0.access.failure().map_or(Ok(()), Err)
    }

    /// How long to look whether work has ended before going to sleep.
    fn patience(&self) -> Duration {
        self.device().limits().look_for
    }

    /// The number of `T` in a range of bytes that the host may access.
    fn element_count<T>(
        &self,
        operation: &'static str,
        offset: usize,
        size: usize,
        aligned: bool,
    ) -> Result<usize> {
        self.check_host_access(operation, offset, size)?;
        let (element_size, element_alignment) = (size_of::<T>(), align_of::<T>());
        let alignment = if aligned { element_alignment } else { 1 };
        // Types aligned beyond what buffers are may happen to fit; that must not depend on the address.
        let fits = element_size > 0
            && size.is_multiple_of(element_size)
            && offset.is_multiple_of(alignment)
            && alignment <= self.0.alignment;
        if fits {
            return Ok(size / element_size);
        }
        Err(Error::ElementMismatch {
            operation,
            buffer: self.describe(),
            offset,
            size,
            element: type_name::<T>(),
            element_size,
            element_alignment,
        })
    }

    pub(crate) fn check_host_access(
        &self,
        operation: &'static str,
        offset: usize,
        size: usize,
    ) -> Result<()> {
        if self.storage_mode() == StorageMode::Private {
            return Err(Error::PrivateBuffer { operation, buffer: self.describe() });
        }
        self.check_range(operation, offset, size)
    }

    pub(crate) fn check_range(&self, operation: &'static str, offset: usize, size: usize) -> Result<()> {
        let length = self.length();
        if offset <= length && size <= length - offset {
            return Ok(());
        }
        Err(Error::OutOfRange { operation, buffer: self.name(), offset, size, length })
    }

    /// Reports a change by the host to a managed buffer's device.
    fn modified(&self, range: Range<usize>) {
        if self.storage_mode() == StorageMode::Managed {
            let offset = self.0.offset;
            self.backend().did_modify_range(range.start + offset..range.end + offset);
        }
    }

    fn mapped(&self, operation: &'static str, access::Mapped { for_writing }: access::Mapped) -> Error {
        Error::BufferMapped { operation, buffer: self.describe(), for_writing }
    }

    /// Counts committed work that uses the buffer; to be undone by [`end_work`](Self::end_work).
    pub(crate) fn begin_work(&self, writes: bool) -> Result<()> {
        self.0.access.begin_work(writes).map_err(|conflict| self.mapped("commit", conflict))
    }

    /// `failure`: what ended the work, if it failed.
    pub(crate) fn end_work(&self, writes: bool, failure: Option<&Arc<Failure>>) {
        self.0.access.end_work(writes, failure);
    }

    /// The back end's buffer, in which this one begins at [`backend_offset`](Self::backend_offset).
    pub(crate) fn backend(&self) -> &Arc<dyn backend::Buffer> {
        match &self.0.storage {
            Storage::Own { backend, .. } => backend,
            Storage::Pooled(lease) => lease.memory(),
        }
    }

    pub(crate) fn backend_offset(&self) -> usize {
        self.0.offset
    }

    /// The address of the first byte, for buffers that the host may access.
    pub(crate) fn address(&self) -> NonNull<u8> {
        let contents = self.backend().contents();
        // SAFETY: the buffer lies within the back end's.
        unsafe { contents.add(self.0.offset) }
    }

    /// Distinguishes buffers, for as long as they live.
    pub(crate) fn id(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    /// How errors that tell its length name it.
    pub(crate) fn name(&self) -> String {
        let label = self.label();
        if label.is_empty() { "an unlabelled buffer".into() } else { named("buffer", &label) }
    }

    /// How other errors name it.
    pub(crate) fn describe(&self) -> String {
        let label = self.label();
        if label.is_empty() {
            format!("a buffer of {} bytes", self.length())
        } else {
            named("buffer", &label)
        }
    }
}

/// Two handles are equal if they are the same buffer.
impl PartialEq for Buffer {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Buffer {}

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffer")
            .field("label", &self.label())
            .field("length", &self.length())
            .field("storage_mode", &self.storage_mode())
            .finish_non_exhaustive()
    }
}
