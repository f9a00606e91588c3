//! Mappings: slices of a buffer's memory that keep conflicting work away while they live.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use bytemuck::Pod;

use super::Buffer;

/// A buffer's contents as a slice to read; made by [`Buffer::map_read`].
///
/// While it lives, work that writes the buffer cannot be committed. It keeps the buffer alive.
pub struct BufferView<T: Pod> {
    buffer: Buffer,
    byte_offset: usize,
    count: usize,
    element: PhantomData<T>,
}

/// A buffer's contents as a slice to read and write; made by [`Buffer::map_write`].
///
/// While it lives, work that uses the buffer cannot be committed. It keeps the buffer alive.
pub struct BufferViewMut<T: Pod> {
    buffer: Buffer,
    byte_offset: usize,
    count: usize,
    element: PhantomData<T>,
}

impl<T: Pod> BufferView<T> {
    /// The range lies within the buffer and is aligned for `T`; a view is registered in its access.
    pub(super) fn new(buffer: Buffer, byte_offset: usize, count: usize) -> Self {
        Self { buffer, byte_offset, count, element: PhantomData }
    }

    /// The buffer.
    pub fn buffer(&self) -> &Buffer {
        &self.buffer
    }
}

impl<T: Pod> BufferViewMut<T> {
    /// The range lies within the buffer and is aligned for `T`; the one mutable view is registered in its
    /// access.
    pub(super) fn new(buffer: Buffer, byte_offset: usize, count: usize) -> Self {
        Self { buffer, byte_offset, count, element: PhantomData }
    }

    /// The buffer.
    pub fn buffer(&self) -> &Buffer {
        &self.buffer
    }

    fn address(&self) -> *mut T {
        // SAFETY: the offset lies within the buffer.
        unsafe { self.buffer.address().as_ptr().add(self.byte_offset).cast() }
    }
}

impl<T: Pod> Deref for BufferView<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: the range was checked when the view was made; the buffer lives in the view; its memory is
        // always initialised; and nothing writes to it while a view is registered.
        unsafe {
            let address = self.buffer.address().as_ptr().add(self.byte_offset);
            std::slice::from_raw_parts(address.cast(), self.count)
        }
    }
}

impl<T: Pod> Deref for BufferViewMut<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: as in `deref_mut`.
        unsafe { std::slice::from_raw_parts(self.address(), self.count) }
    }
}

impl<T: Pod> DerefMut for BufferViewMut<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: the range was checked when the view was made; the buffer lives in the view; its memory is
        // always initialised; and nothing else uses it while the mutable view is registered.
        unsafe { std::slice::from_raw_parts_mut(self.address(), self.count) }
    }
}

impl<T: Pod> Drop for BufferView<T> {
    fn drop(&mut self) {
        self.buffer.0.access.end_view();
    }
}

impl<T: Pod> Drop for BufferViewMut<T> {
    fn drop(&mut self) {
        let size = self.count * size_of::<T>();
        self.buffer.modified(self.byte_offset..self.byte_offset + size);
        self.buffer.0.access.end_view_mut();
    }
}

impl<T: Pod + fmt::Debug> fmt::Debug for BufferView<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: Pod + fmt::Debug> fmt::Debug for BufferViewMut<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
