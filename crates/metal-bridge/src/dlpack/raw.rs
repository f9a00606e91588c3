//! The structures of DLPack's C interface, version 1: what pointers from other libraries lead to.
//!
//! The names are the specification's: <https://dmlc.github.io/dlpack/latest/c_api.html>.

use std::ffi::c_void;

/// A version of the interface. Another major one has other structures, except for the version, the context and the
/// deleter, which stay where they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct DLPackVersion {
    /// Changes with what cannot be read any more.
    pub major: u32,
    /// Changes with what is added.
    pub minor: u32,
}

/// Where memory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct DLDevice {
    /// The kind of device; [`CPU`].
    pub device_type: i32,
    /// Which of its kind; 0 for the CPU.
    pub device_id: i32,
}

/// The type of elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct DLDataType {
    /// Signed 0, unsigned 1, float 2, bfloat 4, bool 6.
    pub code: u8,
    /// Bits of a lane.
    pub bits: u8,
    /// 1, or the number of lanes of a vector.
    pub lanes: u16,
}

/// A tensor, without its owner.
#[derive(Debug)]
#[repr(C)]
pub struct DLTensor {
    /// The memory's address.
    pub data: *mut c_void,
    /// Where it is.
    pub device: DLDevice,
    /// Number of axes.
    pub ndim: i32,
    /// The type of the elements.
    pub dtype: DLDataType,
    /// Sizes of the axes; `ndim` of them.
    pub shape: *mut i64,
    /// Elements from one index of an axis to the next; `ndim` of them, or null for row-major order.
    pub strides: *mut i64,
    /// Bytes from the address to the first element.
    pub byte_offset: u64,
}

/// A tensor with its owner, which Python's capsules called `dltensor_versioned` point to.
#[derive(Debug)]
#[repr(C)]
pub struct DLManagedTensorVersioned {
    /// The version of all that follows.
    pub version: DLPackVersion,
    /// The owner's.
    pub manager_ctx: *mut c_void,
    /// Called once by whoever has the tensor, when it is no longer needed; null if there is nothing to do.
    pub deleter: Option<unsafe extern "C" fn(*mut Self)>,
    /// A set of flags; [`READ_ONLY`].
    pub flags: u64,
    /// The tensor.
    pub dl_tensor: DLTensor,
}

/// The device type of memory of the host.
pub const CPU: i32 = 1;

/// The flag of tensors that nobody may write to.
pub const READ_ONLY: u64 = 1;
