use std::ffi::c_void;
use std::fmt;
use std::ops::Range;
use std::ptr::NonNull;

use objc2::rc::{Retained, autoreleasepool};
use objc2::runtime::ProtocolObject;
use objc2_foundation::NSString;
use objc2_metal::{MTLBuffer, MTLDevice, MTLResource, MTLResourceOptions};

use crate::backend::{self, memory};
use crate::buffer::StorageMode;
use crate::error::{Error, Result};

/// A buffer of Metal's.
pub(crate) struct MetalBuffer {
    buffer: Retained<ProtocolObject<dyn MTLBuffer>>,
    /// The first byte, if the host may use it.
    contents: Option<NonNull<u8>>,
    /// Whether host and device may have a copy each.
    managed: bool,
}

// SAFETY: Metal's resources may be used on any thread (*Metal Programming Guide*: only encoders belong to one thread at a
// time); `objc2-metal` does not say so of buffers because the bytes behind `contents` are shared. Nobody reads or writes them
// through this type: who uses the address says why it is sound there.
unsafe impl Send for MetalBuffer {}
// SAFETY: as for `Send`.
unsafe impl Sync for MetalBuffer {}

impl MetalBuffer {
    /// A zeroed buffer, as Metal promises of buffers that it makes by length alone. `None` if there is no memory.
    pub(super) fn new(
        device: &ProtocolObject<dyn MTLDevice>,
        length: usize,
        mode: StorageMode,
    ) -> Result<Option<Self>> {
        // Managed storage is macOS's alone; elsewhere memory is unified, and shared storage keeps the promises of both.
        let managed = mode == StorageMode::Managed && cfg!(target_os = "macos");
        let options = match mode {
            StorageMode::Private => MTLResourceOptions::StorageModePrivate,
            StorageMode::Managed if managed => MTLResourceOptions::StorageModeManaged,
            StorageMode::Managed | StorageMode::Shared => MTLResourceOptions::StorageModeShared,
        };
        autoreleasepool(|_| {
            let Some(buffer) = device.newBufferWithLength_options(length, options) else { return Ok(None) };
            // Asked of private buffers, it would be null in spite of its type.
            let contents = (mode != StorageMode::Private).then(|| buffer.contents().cast::<u8>());
            if contents.is_some_and(|address| address.addr().get() % memory::ALIGNMENT != 0) {
                let message =
                    format!("a buffer of {length} bytes is not aligned to {} bytes", memory::ALIGNMENT);
                return Err(Error::Metal { call: "newBufferWithLength:options:", message });
            }
            Ok(Some(Self { buffer, contents, managed }))
        })
    }

    /// Metal's object.
    pub(crate) fn metal(&self) -> &ProtocolObject<dyn MTLBuffer> {
        &self.buffer
    }

    /// Whether host and device may have a copy each.
    #[cfg(target_os = "macos")]
    pub(super) fn is_managed(&self) -> bool {
        self.managed
    }
}

impl backend::Buffer for MetalBuffer {
    fn contents(&self) -> NonNull<u8> {
        self.contents.expect("the API asks no private buffer for its contents")
    }

    fn set_label(&self, label: &str) {
        autoreleasepool(|_| self.buffer.setLabel(Some(&NSString::from_str(label))));
    }

    fn did_modify_range(&self, range: Range<usize>) {
        // The method exists on macOS alone.
        #[cfg(target_os = "macos")]
        if self.managed {
            self.buffer.didModifyRange(range.into());
        }
        #[cfg(not(target_os = "macos"))]
        let _ = range;
    }
}

impl fmt::Debug for MetalBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetalBuffer")
            .field("length", &self.buffer.length())
            .field("contents", &self.contents.map(|address| address.as_ptr().cast::<c_void>()))
            .field("managed", &self.managed)
            .finish()
    }
}
