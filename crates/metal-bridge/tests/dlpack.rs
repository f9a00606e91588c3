//! Memory shared through DLPack: between buffers, with tensors as other libraries make them, and with PyTorch.

#![cfg(all(feature = "dlpack", not(target_os = "macos")))]

use std::ffi::c_void;
use std::ptr::{NonNull, null_mut};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use metal_bridge::dlpack::raw::{
    CPU, DLDataType, DLDevice, DLManagedTensorVersioned, DLPackVersion, DLTensor, READ_ONLY,
};
use metal_bridge::dlpack::{DlpackError, Tensor};
use metal_bridge::graph::TensorData;
use metal_bridge::{Buffer, CommandBuffer, CompileOptions, Device, Error, ResourceOptions, ScalarType};

const DOUBLE: &str = "
    kernel void twice(device float *x [[buffer(0)]], uint i [[thread_position_in_grid]]) { x[i] *= 2.0f; }";

/// Work that doubles the numbers of a buffer.
fn twice(device: &Device, buffer: &Buffer) -> CommandBuffer {
    let library = device.new_library_with_source(DOUBLE, &CompileOptions::default()).unwrap();
    let function = library.new_function_with_name("twice").unwrap();
    let pipeline = device.new_compute_pipeline_state_with_function(&function).unwrap();
    let command_buffer = device.new_command_queue().unwrap().new_command_buffer();
    let mut encoder = command_buffer.new_compute_command_encoder().unwrap();
    encoder.set_compute_pipeline_state(&pipeline).unwrap();
    encoder.set_buffer(buffer, 0, 0).unwrap();
    encoder.dispatch_threads(buffer.length() / 4, 32).unwrap();
    encoder.end_encoding().unwrap();
    command_buffer
}

/// A tensor as another library makes it, which counts how often it is let go.
struct Foreign {
    tensor: DLManagedTensorVersioned,
    _memory: Box<Aligned>,
    shape: Vec<i64>,
    strides: Vec<i64>,
    let_go: Arc<AtomicUsize>,
}

#[repr(align(64))]
struct Aligned([f32; 16]);

impl Foreign {
    /// The numbers from 0 to 15, seen from an offset in bytes on.
    fn new(shape: &[i64], strides: &[i64], byte_offset: u64, let_go: &Arc<AtomicUsize>) -> Box<Self> {
        let mut memory = Box::new(Aligned(std::array::from_fn(|i| i as f32)));
        let data = memory.0.as_mut_ptr().cast();
        let mut foreign = Box::new(Self {
            tensor: DLManagedTensorVersioned {
                version: DLPackVersion { major: 1, minor: 9 },
                manager_ctx: null_mut(),
                deleter: Some(let_go_foreign),
                flags: 0,
                dl_tensor: DLTensor {
                    data,
                    device: DLDevice { device_type: CPU, device_id: 0 },
                    ndim: shape.len() as i32,
                    dtype: DLDataType { code: 2, bits: 32, lanes: 1 },
                    shape: null_mut(),
                    strides: null_mut(),
                    byte_offset,
                },
            },
            _memory: memory,
            shape: shape.to_vec(),
            strides: strides.to_vec(),
            let_go: let_go.clone(),
        });
        foreign.tensor.dl_tensor.shape = foreign.shape.as_mut_ptr();
        if !strides.is_empty() {
            foreign.tensor.dl_tensor.strides = foreign.strides.as_mut_ptr();
        }
        foreign
    }

    fn give(self: Box<Self>) -> Result<Tensor, Error> {
        let foreign = Box::into_raw(self);
        // SAFETY: the tensor is as DLPack wants it, with memory that nobody else uses.
        unsafe {
            (*foreign).tensor.manager_ctx = foreign.cast::<c_void>();
            Tensor::from_raw(NonNull::new(&raw mut (*foreign).tensor).unwrap())
        }
    }
}

/// # Safety
///
/// The tensor was given by `Foreign::give`.
unsafe extern "C" fn let_go_foreign(tensor: *mut DLManagedTensorVersioned) {
    // SAFETY: the caller's promise.
    let foreign = unsafe { Box::from_raw((*tensor).manager_ctx.cast::<Foreign>()) };
    foreign.let_go.fetch_add(1, Ordering::SeqCst);
}

fn dlpack_error<T>(result: Result<T, Error>) -> DlpackError {
    match result {
        Err(Error::Dlpack(error)) => *error,
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("no error"),
    }
}

#[test]
fn exported_buffers_are_mapped_until_they_are_let_go() {
    let device = Device::system_default().unwrap();
    let buffer = device.new_buffer_with_data(&[1.0f32, 2.0, 3.0, 4.0], ResourceOptions::default()).unwrap();

    let tensor = buffer.to_dlpack(ScalarType::Float, &[2, 2]).unwrap();
    assert_eq!((tensor.scalar_type().unwrap(), tensor.shape().unwrap()), (ScalarType::Float, vec![2, 2]));
    assert!(!tensor.is_read_only());
    let error = twice(&device, &buffer).commit().unwrap_err();
    assert!(matches!(error, Error::BufferMapped { for_writing: true, .. }), "{error}");
    assert!(matches!(buffer.read::<f32>(), Err(Error::BufferMapped { .. })));

    // Another library lets go of it on any thread.
    let raw = tensor.into_raw().as_ptr().expose_provenance();
    std::thread::spawn(move || {
        let tensor = std::ptr::with_exposed_provenance_mut::<DLManagedTensorVersioned>(raw);
        // SAFETY: the tensor was given away, and this is all that becomes of it.
        unsafe { ((*tensor).deleter.unwrap())(tensor) };
    })
    .join()
    .unwrap();
    twice(&device, &buffer).commit().unwrap();
    assert_eq!(buffer.read::<f32>().unwrap(), [2.0, 4.0, 6.0, 8.0]);

    let tensor = buffer.to_dlpack_read_only(ScalarType::Float, &[4]).unwrap();
    assert!(tensor.is_read_only());
    assert_eq!(buffer.read::<f32>().unwrap(), [2.0, 4.0, 6.0, 8.0]);
    let error = twice(&device, &buffer).commit().unwrap_err();
    assert!(matches!(error, Error::BufferMapped { for_writing: false, .. }), "{error}");
    assert_eq!(dlpack_error(device.new_buffer_with_dlpack(tensor)), DlpackError::ReadOnly);
    twice(&device, &buffer).commit().unwrap();
}

#[test]
fn kernels_work_in_the_memory_of_others() {
    let device = Device::system_default().unwrap();
    let buffer = device.new_buffer_with_data(&[1.0f32, 2.0, 3.0, 4.0], ResourceOptions::default()).unwrap();
    let allocated = device.current_allocated_size();
    let other = device.new_buffer_with_dlpack(buffer.to_dlpack(ScalarType::Float, &[3]).unwrap()).unwrap();
    assert_eq!((other.length(), device.current_allocated_size()), (12, allocated));
    twice(&device, &other).commit().unwrap();
    // The work keeps the memory until it has ended, and so `buffer` mapped.
    drop(other);
    let read = loop {
        match buffer.read::<f32>() {
            Err(Error::BufferMapped { .. }) => std::thread::yield_now(),
            result => break result.unwrap(),
        }
    };
    assert_eq!(read, [2.0, 4.0, 6.0, 4.0]);
}

#[test]
fn shared_buffers_are_not_mapped() {
    let device = Device::system_default().unwrap();
    let buffer = device.new_buffer_with_data(&[1.0f32, 2.0], ResourceOptions::default()).unwrap();
    // SAFETY: the two buffers take turns.
    let tensor = unsafe { buffer.to_dlpack_shared(ScalarType::Float, &[2]) }.unwrap();
    let other = device.new_buffer_with_dlpack(tensor).unwrap();
    let work = twice(&device, &buffer);
    work.commit().unwrap();
    work.wait_until_completed().unwrap();
    drop(buffer);
    assert_eq!(other.read::<f32>().unwrap(), [2.0, 4.0], "it keeps the memory alive");
}

#[test]
fn what_is_too_long_or_private_is_not_exported() {
    let device = Device::null();
    let buffer = device.new_buffer_with_length(8, ResourceOptions::default()).unwrap();
    let error = buffer.to_dlpack(ScalarType::Float, &[3]).unwrap_err();
    assert!(matches!(error, Error::OutOfRange { size: 12, length: 8, .. }), "{error}");
    let error = dlpack_error(buffer.to_dlpack(ScalarType::Float, &[usize::MAX, 2]));
    assert!(matches!(error, DlpackError::Shape { .. }), "{error}");
    let private = device.new_buffer_with_length(8, ResourceOptions::STORAGE_MODE_PRIVATE).unwrap();
    // SAFETY: nobody uses the tensor.
    let shared = unsafe { private.to_dlpack_shared(ScalarType::Int, &[2]) };
    for result in [private.to_dlpack(ScalarType::Int, &[2]), shared] {
        assert!(matches!(result, Err(Error::PrivateBuffer { .. })));
    }
}

#[test]
fn all_types_come_back() {
    let device = Device::null();
    for scalar_type in ScalarType::ALL {
        let buffer = device.new_buffer_with_length(64, ResourceOptions::default()).unwrap();
        let tensor = buffer.to_dlpack(scalar_type, &[2, 4]).unwrap();
        assert_eq!(tensor.scalar_type().unwrap(), scalar_type);
    }
}

#[test]
fn tensors_of_others_are_used_and_let_go_once() {
    let device = Device::system_default().unwrap();
    let let_go = Arc::new(AtomicUsize::new(0));
    let tensor = Foreign::new(&[2, 1, 3], &[3, 77, 1], 0, &let_go).give().unwrap();
    let buffer = device.new_buffer_with_dlpack(tensor).unwrap();
    let work = twice(&device, &buffer);
    work.commit().unwrap();
    assert_eq!(buffer.read::<f32>().unwrap(), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
    work.wait_until_completed().unwrap();
    let again = buffer.clone();
    drop((buffer, work));
    assert_eq!(let_go.load(Ordering::SeqCst), 0);
    drop(again);
    assert_eq!(let_go.load(Ordering::SeqCst), 1);
}

#[test]
fn what_cannot_be_a_buffer_is_refused_and_let_go() {
    let device = Device::null();
    let let_go = Arc::new(AtomicUsize::new(0));
    let refused = |change: &dyn Fn(&mut Foreign), shape: &[i64], strides: &[i64], offset| {
        let before = let_go.load(Ordering::SeqCst);
        let mut foreign = Foreign::new(shape, strides, offset, &let_go);
        change(&mut foreign);
        let error = foreign.give().and_then(|tensor| device.new_buffer_with_dlpack(tensor)).unwrap_err();
        assert_eq!(let_go.load(Ordering::SeqCst), before + 1, "{error}");
        error.to_string()
    };
    let nothing = |_: &mut Foreign| {};
    for (message, part) in [
        (refused(&nothing, &[2, 3], &[1, 2], 0), "[2, 3] has the strides [1, 2]"),
        (refused(&nothing, &[4], &[2], 0), "strides [2]"),
        (refused(&nothing, &[4], &[], 4), "not a multiple of 64"),
        (refused(&nothing, &[2, -3], &[], 0), "[2, -3] is not possible"),
        (refused(&nothing, &[i64::MAX, 4], &[], 0), "is not possible"),
        (refused(&nothing, &[0, 3], &[], 0), "at least 1 byte"),
        (refused(&|f| f.tensor.flags = READ_ONLY, &[4], &[], 0), "read-only"),
        (refused(&|f| f.tensor.version.major = 2, &[4], &[], 0), "version 2.9"),
        (refused(&|f| f.tensor.dl_tensor.device.device_type = 2, &[4], &[], 0), "device of type 2"),
        (refused(&|f| f.tensor.dl_tensor.dtype.bits = 64, &[2], &[], 0), "type 2 with 64 bits"),
        (refused(&|f| f.tensor.dl_tensor.dtype.lanes = 4, &[2], &[], 0), "4 lanes"),
    ] {
        assert!(message.contains(part), "expected {part:?} in {message:?}");
    }
}

#[test]
fn tensors_of_any_layout_are_copied() {
    let let_go = Arc::new(AtomicUsize::new(0));
    let copy = |shape: &[i64], strides: &[i64], offset| {
        let tensor = Foreign::new(shape, strides, offset, &let_go).give().unwrap();
        TensorData::from_dlpack(&tensor)
    };
    let columns = copy(&[2, 3], &[1, 2], 4).unwrap();
    assert_eq!(columns, TensorData::new([2, 3], &[1.0f32, 3.0, 5.0, 2.0, 4.0, 6.0]).unwrap());
    let backwards = copy(&[3], &[-2], 20).unwrap();
    assert_eq!(backwards.to_vec::<f32>().unwrap(), [5.0, 3.0, 1.0]);
    assert_eq!(copy(&[], &[], 8).unwrap().to_vec::<f32>().unwrap(), [2.0]);
    assert!(matches!(copy(&[0], &[], 0), Err(Error::Graph(_))));
    let broadcast = dlpack_error(copy(&[1 << 59], &[0], 0));
    assert_eq!(broadcast, DlpackError::OutOfMemory { length: 1 << 61 });
    assert_eq!(let_go.load(Ordering::SeqCst), 5);
}

/// Types with a larger alignment than such memory has are refused, whatever the address.
#[test]
fn views_are_aligned() {
    #[derive(Clone, Copy)]
    #[repr(C, align(128))]
    struct Wide([u8; 128]);
    // SAFETY: it is bytes, without padding.
    unsafe impl bytemuck::Zeroable for Wide {}
    // SAFETY: as above.
    unsafe impl bytemuck::Pod for Wide {}

    let device = Device::null();
    let buffer = device.new_buffer_with_length(128, ResourceOptions::default()).unwrap();
    assert_eq!(buffer.map_read::<Wide>().unwrap().len(), 1);
    let other = device.new_buffer_with_dlpack(buffer.to_dlpack(ScalarType::UChar, &[128]).unwrap()).unwrap();
    assert!(matches!(other.map_read::<Wide>(), Err(Error::ElementMismatch { .. })));
}

/// The example's script, where PyTorch is installed as `cargo xtask peers` does.
#[test]
fn pytorch_shares_memory() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join("../../target/peers/venv/bin/python");
    let built = std::env::current_exe().unwrap();
    let library = built.ancestors().nth(2).unwrap().join("examples/libshared_memory.so");
    for (what, path) in [("PyTorch", &python), ("the example `shared_memory`", &library)] {
        if !path.exists() {
            eprintln!("skipped: there is no {what} ({})", path.display());
            return;
        }
    }
    let script = root.join("examples/shared_memory/shared_memory.py");
    let output = std::process::Command::new(python).arg(script).arg(library).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    for part in ["is mapped for writing", "strides [1, 3]", "is not a multiple of 64"] {
        assert!(text.contains(part), "expected {part:?} in {text}");
    }
}
