//! Programs on tensors as graphs of MPSGraph.
//!
//! Written from Apple's documentation and type-checked; it has **not been run on a Mac** by its authors.
//!
//! * MPSGraph aborts the process on shapes and types that do not fit, which nobody can catch: so the program has checked
//!   them all, and what MPSGraph makes of each instruction is compared at once.
//! * It raises exceptions as well; these, and nils that are not expected, are errors here.
//! * An executable takes its tensors in an order of its own, `feedTensors` and `targetTensors`.
//! * `MPSGraphTensorData` has no offset: parts of buffers are copied to buffers of their own and back.
//! * Encoding may commit the command buffer and go on in another one: a wrapper, `MPSCommandBuffer`, stands for whichever it is,
//!   and each may fail.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::sync::Arc;

use block2::RcBlock;
use objc2::AnyThread;
use objc2::rc::{Retained, autoreleasepool};
use objc2::runtime::ProtocolObject;
use objc2_foundation::{NSArray, NSDictionary, NSError};
use objc2_metal::{MTLDevice, MTLResource};
use objc2_metal_performance_shaders::MPSCommandBuffer;
use objc2_metal_performance_shaders_graph::{
    MPSGraph, MPSGraphCompilationDescriptor, MPSGraphDevice, MPSGraphExecutable,
    MPSGraphExecutableExecutionDescriptor, MPSGraphOptimization, MPSGraphOptions, MPSGraphShapedType,
    MPSGraphTensor, MPSGraphTensorData,
};

use super::buffer::MetalBuffer;
use super::instruction;
use crate::backend::tensor_program::{Executable, ProgramCall, TensorProgram, TensorShape, Value};
use crate::backend::{Binding, BlitCommand, Buffer, own};
use crate::buffer::StorageMode;
use crate::command_buffer::panic_message;
use crate::error::{Error, Result};
use crate::sync::{Mutex, lock};

/// A program that MPSGraph has compiled.
#[derive(Debug)]
pub(super) struct MetalExecutable {
    /// May be used on any thread, which `objc2` says of it, too.
    executable: Retained<MPSGraphExecutable>,
    /// What it takes and makes, in its own order.
    feeds: Vec<Port>,
    results: Vec<Port>,
}

/// A tensor that is taken or made.
#[derive(Debug)]
struct Port {
    /// Its place among the program's.
    number: usize,
    ty: TensorShape,
}

impl Executable for MetalExecutable {}

/// Whether this system's MPSGraph has everything that programs use, bf16 being the latest of it.
pub(super) fn is_available() -> bool {
    objc2::available!(macos = 14.0, ios = 17.0, tvos = 17.0, visionos = 1.0)
}

/// Does calls of MPSGraph, whose exceptions and nils become errors.
fn caught<T>(call: &'static str, calls: impl FnOnce() -> Result<T>) -> Result<T> {
    // Exceptions must not reach `catch_unwind`, which cannot take them, so they are caught first; panics pass through that.
    let calls = AssertUnwindSafe(calls);
    match catch_unwind(AssertUnwindSafe(|| objc2::exception::catch(calls))) {
        Ok(Ok(result)) => result,
        Ok(Err(exception)) => {
            let nothing = || "an exception that says nothing".to_owned();
            Err(Error::Metal { call, message: exception.map_or_else(nothing, |e| e.to_string()) })
        }
        Err(payload) => Err(Error::Metal { call, message: panic_message(payload) }),
    }
}

impl MetalExecutable {
    /// Makes a graph of the program and compiles it.
    ///
    /// # Errors
    ///
    /// MPSGraph raises an exception, or makes other tensors than the program says.
    pub(super) fn new(device: &ProtocolObject<dyn MTLDevice>, program: &TensorProgram) -> Result<Self> {
        autoreleasepool(|_| caught("MPSGraph", || compile(device, program)))
    }
}

fn compile(device: &ProtocolObject<dyn MTLDevice>, program: &TensorProgram) -> Result<MetalExecutable> {
    // SAFETY: a graph that only this function uses.
    let graph = unsafe { MPSGraph::new() };
    // SAFETY: an option that exists. Programs ask themselves for what the host is to see of managed buffers.
    unsafe { graph.setOptions(MPSGraphOptions::None) };
    let mut tensors: Vec<Retained<MPSGraphTensor>> = Vec::with_capacity(program.instructions().len());
    for instruction in program.instructions() {
        // What is made on the way is let go at once; the graph owns the tensors.
        let tensor = autoreleasepool(|_| instruction::add(&graph, &tensors, instruction))?;
        tensors.push(tensor);
    }
    let of = |values: &[Value]| -> Vec<&MPSGraphTensor> {
        values.iter().map(|value| &*tensors[value.index()]).collect()
    };
    let (feeds, results) = (of(program.feeds()), of(program.results()));
    let types: Vec<Retained<MPSGraphShapedType>> = program
        .feeds()
        .iter()
        .map(|&feed| {
            let ty = program.ty(feed);
            // SAFETY: sizes and a type as of the placeholder.
            unsafe {
                MPSGraphShapedType::initWithShape_dataType(
                    MPSGraphShapedType::alloc(),
                    Some(&instruction::numbers(&ty.sizes)),
                    instruction::data_type(ty.data_type),
                )
            }
        })
        .collect();
    let types: Vec<&MPSGraphShapedType> = types.iter().map(|ty| &**ty).collect();
    // The level for the GPU: the next one also gives parts to the CPU and the Neural Engine, with their own precision.
    let level = MPSGraphOptimization::Level0;
    // SAFETY: all tensors are of this graph, the feeds are all its placeholders, and the types are theirs.
    let executable = unsafe {
        let descriptor = MPSGraphCompilationDescriptor::new();
        descriptor.setOptimizationLevel(level);
        descriptor.setWaitForCompilationCompletion(true);
        graph.compileWithDevice_feeds_targetTensors_targetOperations_compilationDescriptor(
            Some(&MPSGraphDevice::deviceWithMTLDevice(device)),
            &NSDictionary::from_slices(&feeds, &types),
            &NSArray::from_slice(&results),
            None,
            Some(&descriptor),
        )
    };
    // SAFETY: both only read.
    let (taken, made) = unsafe { (executable.feedTensors(), executable.targetTensors()) };
    let feeds = ports(taken, &feeds, program, program.feeds(), "feedTensors")?;
    let results = ports(made, &results, program, program.results(), "targetTensors")?;
    if results.len() != program.results().len() {
        let message = format!("{} tensors are made, not {}", results.len(), program.results().len());
        return Err(Error::Metal { call: "targetTensors", message });
    }
    Ok(MetalExecutable { executable, feeds, results })
}

/// Finds an executable's tensors among the program's.
fn ports(
    found: Option<Retained<NSArray<MPSGraphTensor>>>,
    tensors: &[&MPSGraphTensor],
    program: &TensorProgram,
    values: &[Value],
    call: &'static str,
) -> Result<Vec<Port>> {
    let unknown = || Error::Metal { call, message: "tensors that are none of the program's".into() };
    let found = found.ok_or_else(unknown)?;
    let port = |tensor: Retained<MPSGraphTensor>| {
        let number = tensors.iter().position(|known| std::ptr::eq(*known, &*tensor)).ok_or_else(unknown)?;
        Ok(Port { number, ty: program.ty(values[number]).clone() })
    };
    found.iter().map(port).collect()
}

/// What MPSGraph says of work that it has encoded, on a thread of its own.
pub(super) type Failure = Arc<Mutex<Option<String>>>;

/// A run of a program that is being encoded: with what has to be copied before and after it.
pub(super) struct Run<'a> {
    executable: &'a MetalExecutable,
    inputs: Retained<NSArray<MPSGraphTensorData>>,
    outputs: Retained<NSArray<MPSGraphTensorData>>,
    /// Copies of parts of buffers, each to a buffer of its own.
    pub(super) before: Vec<BlitCommand>,
    pub(super) after: Vec<BlitCommand>,
}

impl<'a> Run<'a> {
    /// Prepares a run. To be called in a pool.
    ///
    /// # Errors
    ///
    /// There is no memory for parts of buffers, or MPSGraph takes no buffer.
    pub(super) fn new(call: &'a ProgramCall) -> Result<Self> {
        let executable: &MetalExecutable = own(&*call.executable);
        let (mut before, mut after) = (Vec::new(), Vec::new());
        let inputs = data(&executable.feeds, &call.feeds, |part, whole, offset, size| {
            before.push(copy([part, whole], [offset, 0], size));
        })?;
        let outputs = data(&executable.results, &call.results, |part, whole, offset, size| {
            after.push(copy([whole, part], [0, offset], size));
        })?;
        Ok(Self { executable, inputs, outputs, before, after })
    }

    /// Encodes the program itself.
    ///
    /// # Errors
    ///
    /// MPSGraph raises an exception.
    pub(super) fn encode(&self, command_buffer: &MPSCommandBuffer, failure: &Failure) -> Result<()> {
        let failure = failure.clone();
        let handler = RcBlock::new(move |_: NonNull<NSArray<MPSGraphTensorData>>, error: *mut NSError| {
            // SAFETY: MPSGraph hands over nil or an error that lives during the call.
            if let Some(error) = unsafe { error.as_ref() } {
                let message = autoreleasepool(|_| error.localizedDescription().to_string());
                lock(&failure).get_or_insert(message);
            }
        });
        caught("encodeToCommandBuffer:inputsArray:resultsArray:executionDescriptor:", || {
            // SAFETY: the block has the type that MPSGraph demands, may be called on any thread, and is copied. The tensors are
            // as many, of the types, and in the order that the executable says; their buffers live until the submission ends.
            unsafe {
                let descriptor = MPSGraphExecutableExecutionDescriptor::new();
                descriptor.setCompletionHandler(RcBlock::as_ptr(&handler));
                self.executable
                    .executable
                    .encodeToCommandBuffer_inputsArray_resultsArray_executionDescriptor(
                        command_buffer,
                        &self.inputs,
                        Some(&self.outputs),
                        Some(&descriptor),
                    );
            }
            Ok(())
        })
    }
}

/// The buffers of some tensors in the order of an executable. What begins within a buffer gets one of its own, of which `part`
/// is told: the bound buffer, the new one, the offset, and the bytes.
fn data(
    ports: &[Port],
    bindings: &[Binding],
    mut part: impl FnMut(&Arc<dyn Buffer>, &Arc<dyn Buffer>, usize, usize),
) -> Result<Retained<NSArray<MPSGraphTensorData>>> {
    let tensor = |Port { number, ty }: &Port| {
        let Binding::Buffer { buffer, offset, length } = &bindings[*number] else {
            return Err(Error::Internal { message: "a program was given bytes".into() });
        };
        debug_assert!(ty.bytes() <= *length);
        let mut whole = buffer.clone();
        if *offset > 0 {
            whole = own_buffer(own(&**buffer), ty.bytes())?;
            part(buffer, &whole, *offset, ty.bytes());
        }
        let metal: &MetalBuffer = own(&*whole);
        caught("initWithMTLBuffer:shape:dataType:", || {
            // SAFETY: the buffer has as many bytes, and the submission keeps it alive until the work has ended. What lies in it
            // is of the type, as far as every pattern of bits is: bools come from `TensorData` or programs.
            Ok(unsafe {
                MPSGraphTensorData::initWithMTLBuffer_shape_dataType(
                    MPSGraphTensorData::alloc(),
                    metal.metal(),
                    &instruction::numbers(&ty.sizes),
                    instruction::data_type(ty.data_type),
                )
            })
        })
    };
    let tensors = ports.iter().map(tensor).collect::<Result<Vec<_>>>()?;
    Ok(NSArray::from_retained_slice(&tensors))
}

/// A buffer for what lies within another one.
fn own_buffer(of: &MetalBuffer, length: usize) -> Result<Arc<dyn Buffer>> {
    let device = of.metal().device();
    let buffer = MetalBuffer::new(&device, length, StorageMode::Private)?.ok_or_else(|| Error::Metal {
        call: "newBufferWithLength:options:",
        message: format!("no memory for {length} bytes of a tensor"),
    })?;
    Ok(Arc::new(buffer))
}

fn copy(buffers: [&Arc<dyn Buffer>; 2], offsets: [usize; 2], size: usize) -> BlitCommand {
    BlitCommand::Copy {
        source: buffers[0].clone(),
        source_offset: offsets[0],
        destination: buffers[1].clone(),
        destination_offset: offsets[1],
        size,
    }
}
