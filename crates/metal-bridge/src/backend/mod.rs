//! What a device must be able to do. The public API checks every call and keeps the bookkeeping that all
//! devices share (labels, states, in-flight work, handlers); a back end only carries out.
//!
//! A back end may rely on what the API has checked:
//!
//! * all objects of a submission belong to the back end that gets it;
//! * ranges and offsets lie within buffers, copies do not overlap;
//! * every argument in a pipeline's reflection is bound, large enough and aligned, threadgroup memory is
//!   within the limits, and no size overflows;
//! * no view of the host conflicts with the work while it is in flight.
//!
//! Every back end has the same file names: `device`, `buffer`, `library`, `pipeline`, `queue`.

#[cfg(any(not(target_vendor = "apple"), feature = "cpu"))]
pub(crate) mod cpu;
pub(crate) mod memory;
#[cfg(any(target_vendor = "apple", test))]
pub(crate) mod metal;
pub(crate) mod null;
pub(crate) mod routine;
pub(crate) mod tensor_program;

use std::any::Any;
use std::fmt;
use std::ops::Range;
use std::ptr::NonNull;
use std::sync::Arc;

use msl_types::{
    CompileOptions, Diagnostic, FunctionConstant, FunctionConstantValues, FunctionReflection, LibraryError,
    PipelineError, PipelineLog, Stage,
};

use crate::buffer::StorageMode;
use crate::command_buffer::Completion;
use crate::device::{DeviceKind, Limits};
use crate::encoder::{BarrierScope, DispatchType};
use crate::error::Result;
use routine::Routine;
use tensor_program::{Executable, ProgramCall, TensorProgram};

/// A device.
pub(crate) trait Device: fmt::Debug + Send + Sync {
    fn kind(&self) -> DeviceKind;
    fn name(&self) -> &str;
    fn limits(&self) -> Limits;
    /// Bytes in all live buffers.
    fn current_allocated_size(&self) -> u64;
    /// A zeroed buffer; `length` is at least 1 and at most `limits().max_buffer_length`.
    fn new_buffer(&self, length: usize, mode: StorageMode) -> Result<Arc<dyn Buffer>>;
    /// A buffer in memory of the host, which is at least 1 byte long; `None` if the device cannot use such memory.
    #[cfg(feature = "dlpack")]
    fn buffer_in(&self, memory: memory::Memory) -> Option<Arc<dyn Buffer>> {
        let _ = memory;
        None
    }
    fn new_library(&self, source: &str, options: &CompileOptions) -> Result<Arc<dyn Library>, LibraryError>;
    fn new_queue(&self) -> Result<Arc<dyn Queue>>;

    /// How many elements of temporary memory the device needs for a routine; `None` if it does not have the
    /// routine, which must then not be encoded.
    fn routine_scratch(&self, routine: &Routine) -> Option<usize> {
        let _ = routine;
        None
    }

    /// How many elements the form has that a routine likes its second operand in if that never changes; 0 if it likes it as it is.
    fn routine_layout(&self, routine: &Routine) -> usize {
        let _ = routine;
        0
    }

    /// Writes that form on the calling thread.
    ///
    /// # Safety
    ///
    /// The operand is as large as the routine's sizes say, and `to` as [`routine_layout`](Self::routine_layout) says; both are
    /// aligned, and nobody else accesses them meanwhile.
    unsafe fn lay_out(&self, routine: &Routine, operand: &Binding, to: &Binding) {
        let _ = (routine, operand, to);
        unreachable!("the device has no form of its own for operands")
    }

    /// Whether the device executes programs on tensors by itself, so that graphs are to be made such programs.
    fn executes_tensor_programs(&self) -> bool {
        false
    }

    /// Makes a program ready. `None` if it has something that the device, or this version of
    /// the system, does not execute: the graph is then compiled to kernels.
    fn new_executable(&self, program: &TensorProgram) -> Result<Option<Arc<dyn Executable>>> {
        let _ = program;
        Ok(None)
    }
}

/// Memory of a device. Back ends find their own type again through [`own`].
pub(crate) trait Buffer: Any + fmt::Debug + Send + Sync {
    /// The address of the first byte if the host may use it, valid until the buffer is dropped, aligned
    /// to [`memory::ALIGNMENT`] unless the memory was given to the device. Not asked of private buffers.
    fn contents(&self) -> NonNull<u8>;

    /// A name for people who look at the device with a tool.
    fn set_label(&self, label: &str) {
        let _ = label;
    }

    /// The host has changed a range of a managed buffer.
    fn did_modify_range(&self, range: Range<usize>) {
        let _ = range;
    }
}

/// A compiled library.
pub(crate) trait Library: fmt::Debug + Send + Sync {
    /// In the order of the source.
    fn functions(&self) -> &[FunctionReflection];

    /// How many [`functions`](Self::functions) there are. This and their names, for devices that must work to know more.
    fn function_count(&self) -> usize {
        self.functions().len()
    }

    /// The name of one of [`functions`](Self::functions).
    fn function_name(&self, index: usize) -> &str {
        &self.functions()[index].name
    }

    /// One of [`functions`](Self::functions).
    fn function(&self, index: usize) -> &FunctionReflection {
        &self.functions()[index]
    }

    /// What one of [`functions`](Self::functions) needs before a pipeline can be made of it.
    fn function_constants(&self, index: usize) -> &[FunctionConstant] {
        &self.functions()[index].function_constants
    }

    fn warnings(&self) -> &[Diagnostic];
    /// Makes one of the functions runnable. Values are there for all constants that need one, and of the
    /// right types. If not `checked`, the caller promises what
    /// [`Device::new_unchecked_compute_pipeline_state_with_function`] asks for; a back end may check nevertheless.
    ///
    /// [`Device::new_unchecked_compute_pipeline_state_with_function`]:
    ///     crate::Device::new_unchecked_compute_pipeline_state_with_function
    fn new_pipeline(
        &self,
        name: &str,
        constants: &FunctionConstantValues,
        checked: bool,
    ) -> Result<Arc<dyn Pipeline>, PipelineError>;

    /// The text of one of the functions at a stage of its compilation. The same holds of values.
    fn inspect(
        &self,
        name: &str,
        constants: &FunctionConstantValues,
        stage: Stage,
    ) -> Result<String, PipelineError> {
        let _ = (constants, stage);
        let reason = "this device does not show what it compiles kernels to".into();
        Err(PipelineError::Unsupported { kernel: name.into(), reason })
    }
}

/// A function that can be dispatched.
pub(crate) trait Pipeline: Any + fmt::Debug + Send + Sync {
    fn reflection(&self) -> &FunctionReflection;
    /// What the compiler has to say of it.
    fn log(&self) -> &PipelineLog;

    /// Most threads of a threadgroup, where pipelines differ in that beyond their reflection.
    fn max_total_threads_per_threadgroup(&self) -> Option<usize> {
        None
    }

    /// Threads of a SIMD-group, where pipelines differ in that.
    fn thread_execution_width(&self) -> Option<usize> {
        None
    }
}

/// Executes submissions in the order in which it gets them.
pub(crate) trait Queue: fmt::Debug + Send + Sync {
    /// A name for people who look at the device with a tool.
    fn set_label(&self, label: &str) {
        let _ = label;
    }

    /// Takes work and returns at once. The submission's completion is told when the work starts and
    /// when it has ended, on any thread.
    fn submit(&self, submission: Submission);
}

/// The work of one command buffer.
#[derive(Debug)]
pub(crate) struct Submission {
    pub(crate) label: String,
    pub(crate) passes: Vec<Pass>,
    pub(crate) completion: Completion,
}

/// The work of one encoder. Each pass sees what the passes before it did.
#[derive(Debug)]
pub(crate) enum Pass {
    Compute {
        label: String,
        dispatch_type: DispatchType,
        commands: Vec<ComputeCommand>,
    },
    Blit {
        label: String,
        commands: Vec<BlitCommand>,
    },
    /// Only for devices that [execute programs](Device::executes_tensor_programs).
    Program {
        label: String,
        call: Box<ProgramCall>,
    },
}

/// A command of a compute encoder.
#[derive(Debug)]
pub(crate) enum ComputeCommand {
    Dispatch(Box<Dispatch>),
    Routine(Box<RoutineCall>),
    Barrier(BarrierScope),
    PushDebugGroup(String),
    PopDebugGroup,
}

/// A command of a blit encoder.
#[derive(Debug)]
pub(crate) enum BlitCommand {
    Copy {
        source: Arc<dyn Buffer>,
        source_offset: usize,
        destination: Arc<dyn Buffer>,
        destination_offset: usize,
        size: usize,
    },
    Fill {
        buffer: Arc<dyn Buffer>,
        range: Range<usize>,
        value: u8,
    },
    /// Makes what the device wrote to a managed buffer visible to the host.
    Synchronize {
        #[cfg_attr(
            not(target_vendor = "apple"),
            expect(dead_code, reason = "there is one copy of a buffer")
        )]
        buffer: Arc<dyn Buffer>,
    },
    PushDebugGroup(String),
    PopDebugGroup,
}

/// One run of a kernel over a grid that is not empty.
#[derive(Debug)]
pub(crate) struct Dispatch {
    pub(crate) pipeline: Arc<dyn Pipeline>,
    /// By buffer index; at least the indices in the pipeline's reflection are there.
    pub(crate) buffers: Box<[Option<Binding>]>,
    /// Bytes by threadgroup-memory index.
    pub(crate) threadgroup_memory: Box<[u32]>,
    pub(crate) threads_per_grid: [u32; 3],
    pub(crate) threads_per_threadgroup: [u32; 3],
}

/// One run of a routine. Its bindings are buffers, as large as the routine's sizes say, and aligned.
#[cfg_attr(
    all(target_vendor = "apple", not(feature = "cpu")),
    expect(dead_code, reason = "only the CPU device has routines")
)]
#[derive(Debug)]
pub(crate) struct RoutineCall {
    pub(crate) routine: Routine,
    pub(crate) operands: [Binding; 2],
    /// Whether the second operand is in the form that [`Device::lay_out`] has made of it; there is no temporary memory then.
    pub(crate) laid_out: bool,
    /// There if the routine's epilogue adds one.
    pub(crate) bias: Option<Binding>,
    pub(crate) result: Binding,
    /// As large as [`Device::routine_scratch`] says, if that is not nothing.
    pub(crate) scratch: Option<Binding>,
}

/// Memory bound to a buffer index.
#[derive(Clone, Debug)]
pub(crate) enum Binding {
    Buffer {
        buffer: Arc<dyn Buffer>,
        offset: usize,
        /// Bytes from the offset to the end of what is bound, which may be a part of the buffer.
        length: usize,
    },
    /// Never written to.
    Bytes(Bytes),
}

/// Bytes that `set_bytes` has copied, aligned for every type of MSL.
#[derive(Clone, Debug)]
pub(crate) struct Bytes {
    blocks: Arc<[AlignedBlock]>,
    length: usize,
}

#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C, align(64))]
struct AlignedBlock([u8; 64]);

impl Bytes {
    pub(crate) fn new(data: &[u8]) -> Self {
        let blocks = data
            .chunks(64)
            .map(|chunk| {
                let mut block = AlignedBlock([0; 64]);
                block.0[..chunk.len()].copy_from_slice(chunk);
                block
            })
            .collect();
        Self { blocks, length: data.len() }
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.blocks)[..self.length]
    }
}

/// A back end's own type behind an object that it made itself.
///
/// # Panics
///
/// If another back end made it, which the API rules out.
pub(crate) fn own<T: Any>(object: &dyn Any) -> &T {
    object.downcast_ref().expect("the API hands a back end its own objects only")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_keep_their_contents_aligned() {
        for length in [1, 63, 64, 65, 4096] {
            let data: Vec<u8> = (0..length).map(|i| i as u8).collect();
            let bytes = Bytes::new(&data);
            assert_eq!(bytes.as_slice(), data);
            assert_eq!(bytes.as_slice().as_ptr() as usize % 64, 0);
        }
    }
}
