//! Memory shared with other libraries, such as PyTorch, NumPy and JAX, through
//! [DLPack](https://dmlc.github.io/dlpack/latest/) 1: without copying, on the CPU device. With the feature `dlpack`.
//!
//! A [`Tensor`] is memory with a type and a shape, and owns both. [`into_raw`](Tensor::into_raw) gives it away as the
//! pointer that other libraries take, [`from_raw`](Tensor::from_raw) takes theirs. In Python these pointers come in
//! capsules called `dltensor_versioned`.
//!
//! # Buffers for others
//!
//! Others know nothing of work on a device, so an exported buffer is *mapped* until they have let go of the tensor, that
//! is, have called its deleter: [`Buffer::to_dlpack`] is like [`Buffer::map_write`], and
//! [`Buffer::to_dlpack_read_only`] like [`Buffer::map_read`], whose rules hold. It waits for work that is in the way, and
//! meanwhile committing work that conflicts is [`Error::BufferMapped`], as are calls of the host that do. So both sides
//! take turns, and nothing can go wrong. A program that needs the memory on both sides at once has
//! [`Buffer::to_dlpack_shared`], which is `unsafe`: nobody waits for anybody then.
//!
//! # Tensors of others
//!
//! [`Device::new_buffer_with_dlpack`] makes a buffer in the memory of a tensor. It works as any other; the tensor is let go
//! with the last handle of the buffer, and after all work on it. What is not dense, not aligned to 64 bytes or not to be
//! written can be copied, by [`TensorData::from_dlpack`].
//!
//! ```
//! use metal_bridge::{Device, ResourceOptions, ScalarType};
//!
//! # fn main() -> metal_bridge::Result<()> {
//! let device = Device::system_default()?;
//! let buffer = device.new_buffer_with_data(&[1.0f32, 2.0, 3.0, 4.0], ResourceOptions::default())?;
//! let tensor = buffer.to_dlpack(ScalarType::Float, &[2, 2])?;
//! assert!(buffer.read::<f32>().is_err(), "it is mapped");
//!
//! // Another library could take `tensor.into_raw()`; here, it is another buffer in the same memory.
//! let other = device.new_buffer_with_dlpack(tensor)?;
//! other.write(&[10.0f32])?;
//! drop(other);
//! assert_eq!(buffer.read::<f32>()?, [10.0, 2.0, 3.0, 4.0]);
//! # Ok(())
//! # }
//! ```

// Own structures because the crate for them brings two others, and its checks are for types of Rust, not of MSL.

pub mod raw;

use std::ffi::c_void;
use std::fmt;
use std::panic::Location;
use std::ptr::NonNull;

use msl_types::ScalarType;

use crate::backend::memory::{FOREIGN_ALIGNMENT, Memory};
use crate::buffer::{Buffer, BufferView, BufferViewMut};
use crate::device::Device;
use crate::error::{Error, Result};
use crate::graph::{GraphError, TensorData, TensorDataType};
use raw::{CPU, DLDataType, DLDevice, DLManagedTensorVersioned, DLPackVersion, DLTensor, READ_ONLY};

/// The version whose structures these are.
const VERSION: DLPackVersion = DLPackVersion { major: 1, minor: 1 };

/// Why memory cannot be shared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DlpackError {
    /// The tensor is of another version, whose structures are not known.
    #[error("the tensor has version {major}.{minor} of the interface, expected 1")]
    Version {
        /// The tensor's major version.
        major: u32,
        /// The tensor's minor version.
        minor: u32,
    },
    /// The tensor's memory is not the host's.
    #[error(
        "the tensor is on a device of type {device_type}, expected memory of the CPU, 1; move it there first"
    )]
    Device {
        /// DLPack's number of the kind of device.
        device_type: i32,
    },
    /// There is no such scalar in MSL.
    #[error(
        "the tensor has elements of DLPack's type {code} with {bits} bits and {lanes} lanes, for which MSL has none"
    )]
    DataType {
        /// DLPack's number of the kind of number.
        code: u8,
        /// Bits of a lane.
        bits: u8,
        /// Lanes.
        lanes: u16,
    },
    /// Buffers can have such elements, but tensors of graphs cannot.
    #[error("the tensor has elements of type {}, which tensors of graphs cannot have", scalar_type.name())]
    TensorType {
        /// MSL's type.
        scalar_type: ScalarType,
    },
    /// A size is negative, or there is more than fits into memory.
    #[error("the shape {shape:?} is not possible")]
    Shape {
        /// The shape.
        shape: Vec<i64>,
    },
    /// The elements do not lie row by row, without gaps.
    #[error(
        "a tensor of shape {shape:?} has the strides {strides:?}, which are not dense and row by row; copy it first"
    )]
    Strides {
        /// The shape.
        shape: Vec<usize>,
        /// Elements from one index to the next.
        strides: Vec<i64>,
    },
    /// The memory does not begin where buffers may.
    #[error("the tensor's address {address:#x} is not a multiple of {expected}; copy it first")]
    Alignment {
        /// The address of the first element.
        address: usize,
        /// What it has to be a multiple of.
        expected: usize,
    },
    /// The tensor must not be written to, but buffers may.
    #[error("the tensor is read-only, but buffers can be written to; copy it first")]
    ReadOnly,
    /// There is no memory for a copy.
    #[error("no memory for a copy of {length} bytes")]
    OutOfMemory {
        /// Bytes.
        length: usize,
    },
    /// The device cannot work on memory of others.
    #[error("device {device} cannot use memory of other libraries; copy the tensor")]
    NoForeignMemory {
        /// The device.
        device: String,
    },
}

impl From<DlpackError> for Error {
    fn from(error: DlpackError) -> Self {
        Self::Dlpack(Box::new(error))
    }
}

/// Memory with a type and a shape that libraries hand to each other. Dropping it lets the memory go.
pub struct Tensor(NonNull<DLManagedTensorVersioned>);

// SAFETY: `from_raw` asks for tensors that any thread may use and let go, and ours are such: they hold a view, which is
// `Send` and `Sync`. The structure itself is only read.
unsafe impl Send for Tensor {}
// SAFETY: as for `Send`.
unsafe impl Sync for Tensor {}

impl Tensor {
    /// Takes a tensor of another library, which must not use the pointer any more; in Python, that is said by calling the
    /// capsule `used_dltensor_versioned`.
    ///
    /// # Errors
    ///
    /// [`DlpackError::Version`]; the tensor is let go.
    ///
    /// # Safety
    ///
    /// The pointer leads to a tensor as DLPack describes it, and its deleter may be called by any thread. If its memory is
    /// the host's, it is initialised, and, unless the tensor is read-only, may be written to. Until the tensor and all buffers made of it are
    /// dropped, nobody else writes to the memory; and nobody else reads it while it is written to through a buffer.
    pub unsafe fn from_raw(tensor: NonNull<DLManagedTensorVersioned>) -> Result<Self> {
        let tensor = Self(tensor);
        // SAFETY: the version is in its place in all versions.
        let DLPackVersion { major, minor } = unsafe { (*tensor.0.as_ptr()).version };
        if major != VERSION.major {
            return Err(DlpackError::Version { major, minor }.into());
        }
        Ok(tensor)
    }

    /// Gives the tensor away: whoever has the pointer has to call the deleter once.
    pub fn into_raw(self) -> NonNull<DLManagedTensorVersioned> {
        let pointer = self.0;
        std::mem::forget(self);
        pointer
    }

    fn managed(&self) -> &DLManagedTensorVersioned {
        // SAFETY: it is a tensor of a known version, which lives until `drop`, and nobody changes it.
        unsafe { self.0.as_ref() }
    }

    /// The type of the elements.
    ///
    /// # Errors
    ///
    /// [`DlpackError::DataType`] if MSL has no such scalar.
    pub fn scalar_type(&self) -> Result<ScalarType> {
        let found = self.managed().dl_tensor.dtype;
        let scalar_type = ScalarType::ALL.into_iter().find(|scalar| data_type(*scalar) == found);
        let DLDataType { code, bits, lanes } = found;
        Ok(scalar_type.ok_or(DlpackError::DataType { code, bits, lanes })?)
    }

    /// The sizes of the axes.
    ///
    /// # Errors
    ///
    /// [`DlpackError::Shape`] if one is negative or there are more elements than fit into memory.
    pub fn shape(&self) -> Result<Vec<usize>> {
        let tensor = &self.managed().dl_tensor;
        // SAFETY: a tensor has `ndim` sizes.
        let sizes = unsafe { slice(tensor.shape, tensor.ndim) };
        let shape: Option<Vec<usize>> = sizes.iter().map(|size| usize::try_from(*size).ok()).collect();
        // Elements have at most 8 bytes.
        let shape = shape.filter(|shape| length_of(shape, 8).is_some());
        Ok(shape.ok_or_else(|| DlpackError::Shape { shape: sizes.to_vec() })?)
    }

    /// Whether nobody may write to it.
    pub fn is_read_only(&self) -> bool {
        self.managed().flags & READ_ONLY != 0
    }

    /// Elements from one index of each axis to the next.
    fn strides(&self, shape: &[usize]) -> Vec<i64> {
        let tensor = &self.managed().dl_tensor;
        if tensor.strides.is_null() {
            return row_major(shape);
        }
        // SAFETY: a tensor that has strides has `ndim` of them.
        unsafe { slice(tensor.strides, tensor.ndim) }.to_vec()
    }

    /// The address of the first element, if the memory is the host's.
    fn address(&self) -> Result<*mut u8> {
        let tensor = &self.managed().dl_tensor;
        let device_type = tensor.device.device_type;
        if device_type != CPU {
            return Err(DlpackError::Device { device_type }.into());
        }
        Ok(tensor.data.cast::<u8>().wrapping_add(tensor.byte_offset as usize))
    }
}

impl Drop for Tensor {
    fn drop(&mut self) {
        // SAFETY: the deleter is in its place in all versions, and this is the one call.
        unsafe {
            if let Some(deleter) = (*self.0.as_ptr()).deleter {
                deleter(self.0.as_ptr());
            }
        }
    }
}

impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tensor").field(&self.managed().dl_tensor).finish()
    }
}

/// What an exported tensor has; its first field is what others see.
#[repr(C)]
struct Exported {
    managed: DLManagedTensorVersioned,
    shape: Box<[i64]>,
    strides: Box<[i64]>,
    _hold: Hold,
}

/// What keeps the memory, and others' hands off it.
#[expect(dead_code, reason = "kept alive")]
enum Hold {
    Reading(BufferView<u8>),
    Writing(BufferViewMut<u8>),
    Shared(Buffer),
}

impl Buffer {
    /// The elements at the beginning of the buffer as a tensor for another library, which may read and write them.
    ///
    /// Waits for all committed work that uses the buffer, and maps it as [`map_write`](Self::map_write) does, until the
    /// other library lets go of the tensor.
    ///
    /// # Errors
    ///
    /// The buffer is private, mapped, or shorter than the shape needs.
    pub fn to_dlpack(&self, scalar_type: ScalarType, shape: &[usize]) -> Result<Tensor> {
        let view = self.map_write_range(0..self.length_for(scalar_type, shape)?)?;
        Ok(self.export(scalar_type, shape, 0, Hold::Writing(view)))
    }

    /// The elements at the beginning of the buffer as a tensor for another library, which may read them.
    ///
    /// Waits for committed work that writes the buffer, and maps it as [`map_read`](Self::map_read) does, until the other
    /// library lets go of the tensor. Libraries that do not know of read-only tensors write to them nevertheless, which is
    /// their mistake; PyTorch does.
    ///
    /// # Errors
    ///
    /// The buffer is private, mapped for writing, or shorter than the shape needs.
    pub fn to_dlpack_read_only(&self, scalar_type: ScalarType, shape: &[usize]) -> Result<Tensor> {
        let view = self.map_read_range(0..self.length_for(scalar_type, shape)?)?;
        Ok(self.export(scalar_type, shape, READ_ONLY, Hold::Reading(view)))
    }

    /// The elements at the beginning of the buffer as a tensor for another library, which may use them while work on a
    /// device does, too. The buffer lives until the other library lets go of the tensor, and is not mapped.
    ///
    /// # Errors
    ///
    /// The buffer is private or shorter than the shape needs.
    ///
    /// # Safety
    ///
    /// As long as the tensor lives, whoever uses it keeps to the rules of [`contents`](Self::contents): no access while
    /// committed work or a call of the host writes the buffer, and no writing while one uses it.
    pub unsafe fn to_dlpack_shared(&self, scalar_type: ScalarType, shape: &[usize]) -> Result<Tensor> {
        let operation = "to_dlpack_shared";
        let length = self.length_for(scalar_type, shape)?;
        self.check_host_access(operation, 0, length)?;
        Ok(self.export(scalar_type, shape, 0, Hold::Shared(self.clone())))
    }

    fn length_for(&self, scalar_type: ScalarType, shape: &[usize]) -> Result<usize> {
        let length = length_of(shape, scalar_type.size()).ok_or_else(|| {
            let shape = shape.iter().map(|size| i64::try_from(*size).unwrap_or(i64::MAX)).collect();
            DlpackError::Shape { shape }
        })?;
        Ok(length)
    }

    /// The shape was checked by [`length_for`](Self::length_for).
    fn export(&self, scalar_type: ScalarType, shape: &[usize], flags: u64, hold: Hold) -> Tensor {
        let mut exported = Box::new(Exported {
            managed: DLManagedTensorVersioned {
                version: VERSION,
                manager_ctx: std::ptr::null_mut(),
                deleter: Some(let_go),
                flags,
                dl_tensor: DLTensor {
                    data: self.address().as_ptr().cast(),
                    device: DLDevice { device_type: CPU, device_id: 0 },
                    ndim: shape.len() as i32,
                    dtype: data_type(scalar_type),
                    shape: std::ptr::null_mut(),
                    strides: std::ptr::null_mut(),
                    byte_offset: 0,
                },
            },
            shape: shape.iter().map(|size| *size as i64).collect(),
            strides: row_major(shape).into(),
            _hold: hold,
        });
        exported.managed.dl_tensor.shape = exported.shape.as_mut_ptr();
        exported.managed.dl_tensor.strides = exported.strides.as_mut_ptr();
        let exported = Box::into_raw(exported);
        // SAFETY: the box was just made.
        unsafe { (*exported).managed.manager_ctx = exported.cast::<c_void>() };
        Tensor(NonNull::new(exported.cast()).expect("a box is somewhere"))
    }
}

/// The deleter of exported tensors.
///
/// # Safety
///
/// The tensor was made by `export`, and this is called once.
unsafe extern "C" fn let_go(tensor: *mut DLManagedTensorVersioned) {
    // SAFETY: the context is the box that `export` has made.
    drop(unsafe { Box::from_raw((*tensor).manager_ctx.cast::<Exported>()) });
}

impl Device {
    /// A shared buffer in the memory of a tensor, which is let go when neither a handle nor committed work uses the buffer
    /// any more. The memory does not count as the device's. If there is an error, the tensor is let go.
    ///
    /// # Errors
    ///
    /// The tensor is read-only, is not in the host's memory, has no elements, is not dense and row by row, or does not
    /// begin at a multiple of 64 bytes; or the device has memory of its own.
    pub fn new_buffer_with_dlpack(&self, tensor: Tensor) -> Result<Buffer> {
        let (shape, scalar_type) = (tensor.shape()?, tensor.scalar_type()?);
        let address = tensor.address()?;
        if tensor.is_read_only() {
            return Err(DlpackError::ReadOnly.into());
        }
        let strides = tensor.strides(&shape);
        let dense = row_major(&shape);
        // Where there is one index, its stride does not matter.
        if (0..shape.len()).any(|axis| shape[axis] > 1 && strides[axis] != dense[axis]) {
            return Err(DlpackError::Strides { shape, strides }.into());
        }
        let length = shape.iter().product::<usize>() * scalar_type.size();
        self.check_length(length)?;
        let expected = FOREIGN_ALIGNMENT;
        let Some(first) =
            NonNull::new(address).filter(|address| address.addr().get().is_multiple_of(expected))
        else {
            return Err(DlpackError::Alignment { address: address.addr(), expected }.into());
        };
        // SAFETY: what `Tensor::from_raw` asks for, or what the mapping of an exported buffer keeps: the tensor lives in the
        // memory, has as many elements, may be written to, and nobody else conflicts.
        let memory = unsafe { Memory::foreign(first, length, Box::new(tensor)) };
        let memory = self
            .buffer_in(memory)
            .ok_or_else(|| DlpackError::NoForeignMemory { device: self.name().into() })?;
        Ok(Buffer::foreign(self.clone(), memory, length))
    }
}

impl TensorData {
    /// A copy of a tensor, whatever its layout.
    ///
    /// # Errors
    ///
    /// The tensor is not in the host's memory, has elements that tensors of graphs cannot have, or a size is zero.
    #[track_caller]
    pub fn from_dlpack(tensor: &Tensor) -> Result<Self> {
        let location = Location::caller();
        let (shape, scalar_type, address) = (tensor.shape()?, tensor.scalar_type()?, tensor.address()?);
        let data_type =
            TensorDataType::of_scalar(scalar_type).ok_or(DlpackError::TensorType { scalar_type })?;
        let strides = tensor.strides(&shape);
        let size = scalar_type.size();
        let count: usize = shape.iter().product();
        // A few numbers may claim to be any shape, with strides of zero.
        let (length, mut bytes) = (count * size, Vec::new());
        bytes.try_reserve_exact(length).map_err(|_| DlpackError::OutOfMemory { length })?;
        let mut position = vec![0usize; shape.len()];
        for _ in 0..count {
            let steps = position
                .iter()
                .zip(&strides)
                .map(|(at, stride)| (*at as isize).wrapping_mul(*stride as isize));
            let offset = steps.fold(0isize, isize::wrapping_add);
            // SAFETY: the element at a position within the shape is in the tensor's memory, which is initialised and which
            // nobody writes to.
            let element = unsafe { std::slice::from_raw_parts(address.offset(offset * size as isize), size) };
            bytes.extend_from_slice(element);
            for (at, extent) in position.iter_mut().zip(&shape).rev() {
                *at += 1;
                if *at < *extent {
                    break;
                }
                *at = 0;
            }
        }
        Self::checked(data_type, shape.into(), &bytes)
            .map_err(|problem| GraphError::new("TensorData::from_dlpack", location, problem).into())
    }
}

/// Bytes of a shape, if they fit into memory; sizes that overflow do not, even beside a zero.
fn length_of(shape: &[usize], size: usize) -> Option<usize> {
    let mut nonzero = shape.iter().filter(|extent| **extent != 0);
    let length = nonzero.try_fold(size, |n, extent| n.checked_mul(*extent))?;
    let fits = isize::try_from(length).is_ok() && i32::try_from(shape.len()).is_ok();
    fits.then_some(if shape.contains(&0) { 0 } else { length })
}

fn row_major(shape: &[usize]) -> Vec<i64> {
    let mut strides = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis].max(1) as i64;
    }
    strides
}

const fn data_type(scalar_type: ScalarType) -> DLDataType {
    let code = match scalar_type {
        ScalarType::Char | ScalarType::Short | ScalarType::Int | ScalarType::Long => 0,
        ScalarType::UChar | ScalarType::UShort | ScalarType::UInt | ScalarType::ULong => 1,
        ScalarType::Half | ScalarType::Float => 2,
        ScalarType::BFloat => 4,
        ScalarType::Bool => 6,
    };
    DLDataType { code, bits: 8 * scalar_type.size() as u8, lanes: 1 }
}

/// As many numbers as a tensor has axes.
///
/// # Safety
///
/// If `ndim` is positive, the pointer leads to as many numbers, which do not change while the slice lives.
unsafe fn slice<'a>(numbers: *const i64, ndim: i32) -> &'a [i64] {
    match usize::try_from(ndim) {
        // SAFETY: the caller's promise.
        Ok(ndim @ 1..) => unsafe { std::slice::from_raw_parts(numbers, ndim) },
        _ => &[],
    }
}
