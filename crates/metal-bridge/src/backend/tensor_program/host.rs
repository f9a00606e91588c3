//! A device for tests that executes programs through the [interpreter](super::interpret) and copies, and nothing else: so a
//! graph that is not lowered fails.

use std::sync::Arc;

use msl_types::{CompileOptions, LibraryError};

use super::{Executable, ProgramCall, TensorProgram, interpret};
use crate::backend::memory::{Budget, Memory};
use crate::backend::{self, Binding, BlitCommand, Pass, Submission, own};
use crate::buffer::StorageMode;
use crate::device::{Device, DeviceKind, Limits};
use crate::error::{Error, Result};

/// Most memory of all buffers.
const MEMORY_LIMIT: u64 = 1 << 30;

#[derive(Debug)]
struct HostBackend(Arc<Budget>);

#[derive(Debug)]
struct HostBuffer(Memory);

#[derive(Debug)]
struct HostQueue;

#[derive(Debug)]
struct HostExecutable(TensorProgram);

/// A new device.
pub(crate) fn device() -> Device {
    Device::new(Box::new(HostBackend(Budget::new(MEMORY_LIMIT))))
}

impl backend::Device for HostBackend {
    fn kind(&self) -> DeviceKind {
        DeviceKind::Null
    }

    fn name(&self) -> &str {
        "interpreter"
    }

    fn limits(&self) -> Limits {
        Limits::with_memory(self.0.limit())
    }

    fn current_allocated_size(&self) -> u64 {
        self.0.used()
    }

    fn new_buffer(&self, length: usize, _mode: StorageMode) -> Result<Arc<dyn backend::Buffer>> {
        Ok(Arc::new(HostBuffer(Memory::new(length, &self.0)?)))
    }

    fn new_library(&self, _: &str, _: &CompileOptions) -> Result<Arc<dyn backend::Library>, LibraryError> {
        panic!("the graph is not lowered")
    }

    fn new_queue(&self) -> Result<Arc<dyn backend::Queue>> {
        Ok(Arc::new(HostQueue))
    }

    fn executes_tensor_programs(&self) -> bool {
        true
    }

    fn new_executable(&self, program: &TensorProgram) -> Result<Option<Arc<dyn Executable>>> {
        Ok(Some(Arc::new(HostExecutable(program.clone()))))
    }
}

impl Executable for HostExecutable {}

impl backend::Buffer for HostBuffer {
    fn contents(&self) -> std::ptr::NonNull<u8> {
        self.0.address()
    }
}

impl backend::Queue for HostQueue {
    fn submit(&self, Submission { passes, completion, .. }: Submission) {
        completion.started();
        let result = passes.iter().try_for_each(execute);
        drop(passes);
        completion.finish(result);
    }
}

/// The address of a part of a buffer, of which so many bytes are there.
fn address(buffer: &Arc<dyn backend::Buffer>, offset: usize) -> *mut u8 {
    let memory = &own::<HostBuffer>(&**buffer).0;
    // SAFETY: the API has checked that the offset is within the buffer.
    unsafe { memory.address().as_ptr().add(offset) }
}

fn bound(binding: &Binding) -> (*mut u8, usize) {
    match binding {
        Binding::Buffer { buffer, offset, length } => (address(buffer, *offset), *length),
        Binding::Bytes(_) => panic!("programs are given buffers"),
    }
}

fn execute(pass: &Pass) -> Result<()> {
    match pass {
        Pass::Compute { .. } => Err(Error::Internal { message: "the interpreter runs no kernels".into() }),
        Pass::Blit { commands, .. } => {
            for command in commands {
                let BlitCommand::Copy { source, source_offset, destination, destination_offset, size } =
                    command
                else {
                    continue;
                };
                let (from, to) = (address(source, *source_offset), address(destination, *destination_offset));
                // SAFETY: ranges lie within the buffers, which the API has in use, and do not overlap.
                unsafe { std::ptr::copy_nonoverlapping(from, to, *size) };
            }
            Ok(())
        }
        Pass::Program { call, .. } => {
            let ProgramCall { executable, feeds, results } = &**call;
            let program = &own::<HostExecutable>(&**executable).0;
            let feeds: Vec<Vec<u8>> = feeds
                .iter()
                .zip(program.feeds())
                .map(|(binding, &feed)| {
                    let ((address, length), size) = (bound(binding), program.ty(feed).bytes());
                    assert!(size <= length);
                    // SAFETY: as many bytes are there, and the API has the buffer in use.
                    unsafe { std::slice::from_raw_parts(address, size) }.to_vec()
                })
                .collect();
            for (binding, bytes) in results.iter().zip(interpret::run(program, &feeds)) {
                let (address, length) = bound(binding);
                assert!(bytes.len() <= length);
                // SAFETY: as for feeds.
                unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), address, bytes.len()) };
            }
            Ok(())
        }
    }
}
