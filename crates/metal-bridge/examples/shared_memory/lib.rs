//! A library for Python: a kernel that doubles numbers, in memory that it shares with PyTorch or NumPy.
//!
//! `shared_memory.py` loads it with `ctypes`:
//!
//! ```text
//! cargo build -p metal-bridge --features dlpack --example shared_memory
//! python3 crates/metal-bridge/examples/shared_memory/shared_memory.py target/debug/examples/libshared_memory.so
//! ```
//!
//! Functions return null or -1 if something is wrong, and say what on standard error.

use std::ptr::{NonNull, null_mut};

use metal_bridge::dlpack::Tensor;
use metal_bridge::dlpack::raw::DLManagedTensorVersioned;
use metal_bridge::{
    Buffer, CommandQueue, CompileOptions, ComputePipelineState, Device, Error, ResourceOptions, Result,
    ScalarType,
};

const SOURCE: &str = "
    kernel void twice(device float *x [[buffer(0)]], uint i [[thread_position_in_grid]]) { x[i] *= 2.0f; }";

/// A device with a pipeline, and a buffer of four numbers.
pub struct Session {
    device: Device,
    queue: CommandQueue,
    twice: ComputePipelineState,
    buffer: Buffer,
}

impl Session {
    fn new() -> Result<Self> {
        let device = Device::system_default()?;
        let library = device.new_library_with_source(SOURCE, &CompileOptions::default())?;
        let twice =
            device.new_compute_pipeline_state_with_function(&library.new_function_with_name("twice")?)?;
        let queue = device.new_command_queue()?;
        let buffer = device.new_buffer_with_data(&[1.0f32, 2.0, 3.0, 4.0], ResourceOptions::default())?;
        Ok(Self { device, queue, twice, buffer })
    }

    fn double(&self, buffer: &Buffer) -> Result<()> {
        let command_buffer = self.queue.new_command_buffer();
        let mut encoder = command_buffer.new_compute_command_encoder()?;
        encoder.set_compute_pipeline_state(&self.twice)?;
        encoder.set_buffer(buffer, 0, 0)?;
        encoder.dispatch_threads(buffer.length() / 4, 32)?;
        encoder.end_encoding()?;
        command_buffer.commit()?;
        command_buffer.wait_until_completed()
    }
}

/// A session, to be freed with `session_free`; null if there is none.
#[unsafe(no_mangle)]
pub extern "C" fn session_new() -> *mut Session {
    Session::new().map_or_else(|error| say(&error, null_mut()), |session| Box::into_raw(Box::new(session)))
}

/// The session's buffer as a tensor; null if it is in use.
///
/// # Safety
///
/// The session lives.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn session_export(session: *const Session) -> *mut DLManagedTensorVersioned {
    // SAFETY: the caller's promise.
    let session = unsafe { &*session };
    match session.buffer.to_dlpack(ScalarType::Float, &[2, 2]) {
        Ok(tensor) => tensor.into_raw().as_ptr(),
        Err(error) => say(&error, null_mut()),
    }
}

/// Doubles the numbers of the session's buffer; -1 if a tensor of it is still alive.
///
/// # Safety
///
/// The session lives.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn session_double(session: *const Session) -> i32 {
    // SAFETY: the caller's promise.
    let session = unsafe { &*session };
    session.double(&session.buffer).map_or_else(|error| say(&error, -1), |()| 0)
}

/// Doubles the numbers of another library's tensor of floats where they are, and lets it go.
///
/// # Safety
///
/// The session lives. The tensor is as [`Tensor::from_raw`] wants it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn session_double_tensor(
    session: *const Session,
    tensor: *mut DLManagedTensorVersioned,
) -> i32 {
    // SAFETY: the caller's promise.
    let session = unsafe { &*session };
    let Some(tensor) = NonNull::new(tensor) else { return say(&Error::other("no tensor"), -1) };
    // SAFETY: the caller's promise.
    let tensor = unsafe { Tensor::from_raw(tensor) };
    let done = tensor
        .and_then(|tensor| session.device.new_buffer_with_dlpack(tensor))
        .and_then(|buffer| session.double(&buffer));
    done.map_or_else(|error| say(&error, -1), |()| 0)
}

/// Frees a session.
///
/// # Safety
///
/// It was made by `session_new`, and is not used any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn session_free(session: *mut Session) {
    // SAFETY: the caller's promise.
    drop(unsafe { Box::from_raw(session) });
}

fn say<T>(error: &Error, result: T) -> T {
    eprintln!("{error}");
    result
}
