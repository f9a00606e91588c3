use std::fmt;

use msl_types::{FunctionConstant, FunctionReflection, PipelineError, PipelineLog};
use objc2::rc::{Retained, autoreleasepool};
use objc2::runtime::ProtocolObject;
use objc2_foundation::NSString;
use objc2_metal::{
    MTLBinding, MTLBindingAccess, MTLBufferBinding, MTLComputePipelineDescriptor,
    MTLComputePipelineReflection, MTLComputePipelineState, MTLDevice, MTLFunction, MTLPipelineOption,
    MTLThreadgroupBinding,
};

use super::limits::Families;
use super::reflection::{self, BUFFER, Binding, THREADGROUP_MEMORY};
use super::source::Kernel;
use crate::backend;

pub(super) struct MetalPipeline {
    state: Retained<ProtocolObject<dyn MTLComputePipelineState>>,
    reflection: FunctionReflection,
    log: PipelineLog,
}

impl MetalPipeline {
    /// Compiles a function, whose constants have their values, to the GPU's code.
    pub(super) fn new(
        device: &ProtocolObject<dyn MTLDevice>,
        families: Families,
        function: &ProtocolObject<dyn MTLFunction>,
        name: &str,
        seen: Option<&Kernel>,
        function_constants: &[FunctionConstant],
    ) -> Result<Self, PipelineError> {
        let failed = |reason: String| PipelineError::Unsupported { kernel: name.to_owned(), reason };
        autoreleasepool(|_| {
            let descriptor = MTLComputePipelineDescriptor::new();
            descriptor.setLabel(Some(&NSString::from_str(name)));
            descriptor.setComputeFunction(Some(function));
            let options = MTLPipelineOption::BindingInfo | MTLPipelineOption::BufferTypeInfo;
            let mut told: Option<Retained<MTLComputePipelineReflection>> = None;
            let state = device
                .newComputePipelineStateWithDescriptor_options_reflection_error(
                    &descriptor,
                    options,
                    Some(&mut told),
                )
                .map_err(|error| failed(error.localizedDescription().to_string()))?;
            let told = told.ok_or_else(|| failed("Metal does not tell what it takes".into()))?;
            let bindings = told.bindings().iter().filter(|b| b.isArgument()).map(|b| binding(&b)).collect();
            let reflection = reflection::function(
                name,
                bindings,
                seen,
                function_constants.to_vec(),
                state.staticThreadgroupMemoryLength(),
                families,
            )?;
            Ok(Self { state, reflection, log: PipelineLog::default() })
        })
    }

    /// Metal's object.
    pub(super) fn metal(&self) -> &ProtocolObject<dyn MTLComputePipelineState> {
        &self.state
    }
}

/// What Metal tells of an argument.
fn binding(binding: &ProtocolObject<dyn MTLBinding>) -> Binding {
    let kind = binding.r#type().0;
    let (size, alignment, data_type) = match kind {
        BUFFER => {
            let object = std::ptr::from_ref(binding).cast::<ProtocolObject<dyn MTLBufferBinding>>();
            // SAFETY: Metal promises that a binding of this type conforms to the protocol; it lives as long as `binding`.
            let buffer = unsafe { &*object };
            (buffer.bufferDataSize(), buffer.bufferAlignment(), buffer.bufferDataType().0)
        }
        THREADGROUP_MEMORY => {
            let object = std::ptr::from_ref(binding).cast::<ProtocolObject<dyn MTLThreadgroupBinding>>();
            // SAFETY: as above.
            let memory = unsafe { &*object };
            (memory.threadgroupMemoryDataSize(), memory.threadgroupMemoryAlignment(), 0)
        }
        _ => (0, 1, 0),
    };
    Binding {
        name: binding.name().to_string(),
        index: binding.index(),
        kind,
        writes: binding.access() != MTLBindingAccess::ReadOnly,
        size,
        alignment,
        data_type,
    }
}

impl backend::Pipeline for MetalPipeline {
    fn reflection(&self) -> &FunctionReflection {
        &self.reflection
    }

    fn log(&self) -> &PipelineLog {
        &self.log
    }

    fn max_total_threads_per_threadgroup(&self) -> Option<usize> {
        Some(self.state.maxTotalThreadsPerThreadgroup())
    }

    fn thread_execution_width(&self) -> Option<usize> {
        Some(self.state.threadExecutionWidth())
    }
}

impl fmt::Debug for MetalPipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetalPipeline").field("reflection", &self.reflection).finish_non_exhaustive()
    }
}
